/* slowdisk: a disk that takes its time, for programs that ask the C library to write to it.
 *
 * Loaded with LD_PRELOAD. While the file $SLOWDISK_FILE is there, each fdatasync takes the seconds that it holds, a
 * decimal number; it is read anew at each call, and a call that waits ends when the file is gone.
 *
 * gcc -shared -fPIC -O2 -o slowdisk.so slowdisk.c
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static long wanted_ms(void)
{
    char text[32] = "";
    const char *name = getenv("SLOWDISK_FILE");
    int fd = name ? open(name, O_RDONLY | O_CLOEXEC) : -1;
    if (fd >= 0) {
        if (read(fd, text, sizeof text - 1) < 0)
            text[0] = 0;
        close(fd);
    }
    return atol(text) * 1000;
}

int fdatasync(int fd)
{
    struct timespec step = {0, 10 * 1000 * 1000};
    for (long waited_ms = 0; waited_ms < wanted_ms(); waited_ms += 10)
        nanosleep(&step, NULL);
    return syscall(SYS_fdatasync, fd);
}
