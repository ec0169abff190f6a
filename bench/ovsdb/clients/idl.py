"""Fills a replica of every table with the distribution's Python IDL: idl.py SCHEMA REMOTE"""
import json
import sys

import ovs.db.idl
import ovs.poller

helper = ovs.db.idl.SchemaHelper(location=sys.argv[1])
helper.register_all()
idl = ovs.db.idl.Idl(sys.argv[2], helper, leader_only=False)
while not idl.has_ever_connected():
    idl.run()
    poller = ovs.poller.Poller()
    idl.wait(poller)
    if not idl.has_ever_connected():
        poller.block()
print(json.dumps({"rows": sum(len(table.rows) for table in idl.tables.values())}))
