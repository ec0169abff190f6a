#!/bin/sh
# The guest as a system: what a boot makes, then the job, then its exit code to the second serial port.
#   guest.sh JOB     JOB/modules: path of the kernel's modules; JOB/run: the command
job=$1
mkdir -p /dev/pts /dev/shm
mount -t devpts devpts /dev/pts
for folder in /dev/shm /run /var/lib/ovnkit-lab; do
  mkdir -p "$folder"
  mount -t tmpfs tmpfs "$folder"
done
mkdir -p /run/lock "/lib/modules"
ln -sfn "$(cat "$job/modules")" "/lib/modules/$(uname -r)"
mount -t cgroup2 cgroup2 /sys/fs/cgroup
hostname lab-guest
ip link set lo up
for module in openvswitch vport-geneve vport-vxlan tun veth bridge sctp nf_conntrack 8021q dummy vrf; do
  modprobe "$module" || echo "no module $module in this kernel"
done
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root
sh "$job/run"
echo "exit $?" >/dev/ttyS1
sync
echo o >/proc/sysrq-trigger
# The file system goes with the devices: no program can be started any more, and the kernel panics when its first process ends.
while :; do :; done
