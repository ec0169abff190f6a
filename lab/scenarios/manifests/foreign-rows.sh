# Every row of the northbound database that is not ours, whole, but for the elements in their sets that are ours.
for table in Logical_Switch Logical_Router Logical_Router_Port Logical_Switch_Port Port_Group ACL NAT DHCP_Options QoS Address_Set Load_Balancer; do
  ovn-nbctl --format=json list $table
done | python3 -c '
import json, sys
decoder, text, rows = json.JSONDecoder(), sys.stdin.read(), []
while text.strip():
    table, end = decoder.raw_decode(text.lstrip())
    text = text.lstrip()[end:]
    rows += [dict(zip(table["headings"], row)) for row in table["data"]]
marked = lambda row: ["zstack.io/managed-by", "zstack-ovn-kubernetes"] in row.get("external_ids", ["map", []])[1]
ours = {row["_uuid"][1] for row in rows if marked(row)}
def kept(value):
    if isinstance(value, list) and value[0] == "uuid": return ["set", [] if value[1] in ours or value[1][14] == "8" else [value]]
    if isinstance(value, list) and value[0] == "set": return ["set", sorted(v for v in value[1] if not (isinstance(v, list) and v[1][14] == "8"))]
    return value
for row in sorted((json.dumps({k: kept(v) for k, v in row.items() if k not in ("_uuid", "up")}, sort_keys=True) for row in rows if not marked(row))): print(row)
'
