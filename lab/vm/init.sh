#!/bin/busybox sh
# First process of the guest: the host's root, read-only, under a layer in memory; then guest.sh of the repository as the system.
b=/bin/busybox
$b mount -t proc proc /proc
$b mount -t sysfs sys /sys
$b mount -t devtmpfs dev /dev
for module in /mods/*; do $b insmod "$module"; done
$b mount -t virtiofs -o ro host /low &&
  $b mount -t tmpfs -o size=80% layer /layer &&
  $b mkdir /layer/up /layer/work &&
  $b mount -t overlay root -o lowerdir=/low,upperdir=/layer/up,workdir=/layer/work /root || {
  $b echo "the guest has no root"
  $b poweroff -f
}
for d in proc sys dev; do $b mount --move /$d /root/$d; done
# shellcheck disable=SC2013
for word in $($b cat /root/proc/cmdline); do
  case $word in lab.job=*) job=${word#lab.job=} ;; esac
done
exec $b switch_root /root /bin/sh "$job/guest.sh" "$job"
