# What ZStack has in its OVN: a VPC's switch and router, two machines, a security group. For ovn-nbctl of the lab.
set -e
ovn-nbctl ls-add ls-vpc -- set Logical_Switch ls-vpc other_config:subnet=10.100.0.0/24 external_ids:zstack.io/vpc-uuid=v1
ovn-nbctl lr-add vpc -- lrp-add vpc vpc-lrp fa:16:3e:00:00:01 10.100.0.1/24
ovn-nbctl lsp-add ls-vpc vpc-lsp -- lsp-set-type vpc-lsp router -- lsp-set-addresses vpc-lsp router -- lsp-set-options vpc-lsp router-port=vpc-lrp
ovn-nbctl lsp-add ls-vpc vm1 -- lsp-set-addresses vm1 "fa:16:3e:00:00:0a 10.100.0.2"
ovn-nbctl lsp-add ls-vpc vm2 -- lsp-set-addresses vm2 "fa:16:3e:00:00:0b 10.100.0.3"
ovn-nbctl pg-add sg_web -- pg-add sg_closed
ovn-nbctl acl-add sg_closed to-lport 2000 'outport == @sg_closed && ip4' drop
