#!/bin/busybox sh
# The first process of the machine of test-systemd, until systemd is: a Debian 13 of the host's, which it cannot write to,
# under a scratch layer in memory. The job folder says where on the host that and the kernel's modules are.
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
debian=/lower$(cat /job/debian)
mount -t overlay -o "lowerdir=$debian,upperdir=/scratch/upper,workdir=/scratch/work" overlay /root || give_up "no overlay"

mkdir -p /root/usr/lib/modules /root/job
mount --bind "/lower$(cat /job/modules)" /root/usr/lib/modules || give_up "no modules"
mount --bind /job /root/job
mount --move /dev /root/dev
umount /sys /proc

echo framebus-test >/root/etc/hostname
echo vivid >/root/etc/modules-load.d/vivid.conf
# Debian's kernel has no dma heaps. On a Pi libcamera takes its buffers there, and Raspberry Pi OS gives them to the group
# video (44, of Debian's base-passwd): a stand-in has the same path, owner and mode.
mkdir /root/dev/dma_heap
mknod -m 660 /root/dev/dma_heap/system c 1 3
chown 0:44 /root/dev/dma_heap/system
cp /job/framebus-test.service /root/etc/systemd/system/
ln -s /etc/systemd/system/framebus-test.service /root/etc/systemd/system/multi-user.target.wants/
# The console is for what is tested, and Debian's own supervisord for nothing here.
for unit in serial-getty@ttyS0 supervisor; do
    ln -sf /dev/null "/root/etc/systemd/system/$unit.service"
done
exec switch_root /root /usr/lib/systemd/systemd
