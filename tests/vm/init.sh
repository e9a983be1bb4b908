#!/bin/busybox sh
# The first process of the test machine: the host's root, which it cannot write to, under a scratch layer in memory; in
# that the command that the host has laid into the job folder. Its exit status goes back there, and the machine is off.
/bin/busybox --install -s /bin
export PATH=/bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev

give_up() {
    echo "The test machine cannot start: $*"
    poweroff -f
}

while read -r module; do
    insmod "/modules/$module" || give_up "insmod $module"
done </modules/order
mount -t 9p -o trans=virtio,version=9p2000.L,msize=1048576,cache=loose,ro hostroot /lower || give_up "no root"
mount -t 9p -o trans=virtio,version=9p2000.L,msize=1048576,cache=none job /job || give_up "no job"
mount -t tmpfs -o size=75% tmpfs /scratch
mkdir /scratch/upper /scratch/work
mount -t overlay -o lowerdir=/lower,upperdir=/scratch/upper,workdir=/scratch/work overlay /root || give_up "no overlay"

mount -t proc proc /root/proc
mount -t sysfs sys /root/sys
mount --move /dev /root/dev
mkdir -p /root/dev/pts /root/dev/shm /root/job
mount -t devpts devpts /root/dev/pts
mount -t tmpfs tmpfs /root/dev/shm
mount -t tmpfs tmpfs /root/run
mount --bind /job /root/job
ifconfig lo 127.0.0.1 up
hostname framebus-test

chroot /root /usr/bin/env -i /bin/sh /job/command.sh
echo $? >/job/status.new
mv /job/status.new /job/status
sync
poweroff -f
