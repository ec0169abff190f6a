#!/bin/sh
# The first process of a lab machine: gives its fresh namespaces (net, mount, pid, uts, ipc) a root of their own, then becomes init.
#
#   boot.sh DISK HOSTNAME INIT
#
# DISK keeps what a disk would: the machine's own folders, and what it changes elsewhere in /etc, /opt, /tmp and /var (overlays; the host's
# own files show through). /run and everything else that a reboot loses lives in the mount namespace: ending init leaves only DISK.
#
# Two rules keep the host safe. Every mount is made while propagation is private: a bind of a shared mount is its peer, and what is
# mounted or unmounted on one of them appears on the other. And the host's root is read-only in here. Nothing is removed but empty
# folders of this script's own.
set -eu
disk=$1 name=$2 init=$3
own="etc/openvswitch etc/ovn etc/cni etc/kubernetes etc/containerd etc/zstack-ovn opt/cni
  var/lib/openvswitch var/lib/ovn var/lib/etcd var/lib/kubelet var/lib/containerd var/lib/cni var/log"

mount --make-rprivate /
# Mounts of the host below /run (network namespaces of others, say) would live as long as this copy of them.
sed -n 's#^[^ ]* [^ ]* [^ ]* [^ ]* \(/run/[^ ]*\) .*#\1#p' /proc/self/mountinfo | sort -r | while read -r mounted; do
  # Lazily, with what is below: an end of a namespace on the host, which takes its mount away everywhere, may be half done just now. One that
  # is gone since was such a one.
  umount -l "$mounted" || ! grep -q " $mounted " /proc/self/mountinfo || exit 1
done
mount -t tmpfs -o mode=755 tmpfs /run
mkdir /run/disk
mount --bind "$disk" /run/disk
for tree in etc opt tmp var; do
  mkdir -p "/run/disk/.changes/$tree" "/run/disk/.changes/.$tree"
  mount -t overlay overlay -o "lowerdir=/$tree,upperdir=/run/disk/.changes/$tree,workdir=/run/disk/.changes/.$tree" "/$tree"
done
for folder in $own; do
  mkdir -p "/run/disk/$folder" "/$folder"
  mount --bind "/run/disk/$folder" "/$folder"
done
chmod 1777 /tmp
umount /run/disk
rmdir /run/disk
mount -o remount,bind,ro /

# /sys of this network namespace (kubelet and others read /sys/class/net), with the host's control groups inside.
mount -t proc proc /proc
mkdir /run/cgroup
mount --rbind /sys/fs/cgroup /run/cgroup
mount -t sysfs sysfs /sys
mount --rbind /run/cgroup /sys/fs/cgroup
umount -R /run/cgroup
rmdir /run/cgroup

mkdir -p /run/lock /run/openvswitch /run/ovn /run/netns /run/home /run/tmp /var/log/openvswitch /var/log/ovn /var/log/pods
hostname "$name"
ip link set lo up
echo 1 >/proc/sys/net/ipv4/ip_forward

# From here on mounts propagate between this machine's own mount namespaces (hostPath volumes with propagation need it).
mount --make-rshared /

# The starter waits for this line on descriptor 3.
echo ready >&3
exec 3>&-
exec "$init"
