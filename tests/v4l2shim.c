/* v4l2shim: a software webcam for programs that open a V4L2 device.
 *
 * Loaded with LD_PRELOAD, it answers open/ioctl/mmap/close on $V4L2SHIM_DEV (default /dev/video0; more than one, with
 * colons between, are the same camera) as a driver would: at each tick the next frame goes into the first buffer that
 * is queued, with the tick's time and number; where none is queued the frame is lost and its number is missing.
 *
 * V4L2SHIM_DIR      plays the *.jpg files of this folder in a loop, *.yuyv files (bare bytes) as YUYV or another raw format,
 *                   and *.h264 files (an access unit each) as H264 or HEVC
 * V4L2SHIM_FPS      ticks a second, default 30; with 0 there is one only when the program calls v4l2shim_tick
 * V4L2SHIM_TRIGGER  a FIFO: with V4L2SHIM_FPS=0, there is a tick for each byte that is written to it
 * V4L2SHIM_FAULT    a file: while it exists its first word breaks the camera: "hang" (no more ticks), "gone" (unplugged:
 *                   open answers ENOENT, all else ENODEV, poll POLLHUP), "broken" (poll says POLLHUP, but DQBUF that there
 *                   is nothing yet), "truncate" (half of each picture), "garbage" (no JPEG at all)
 * V4L2SHIM_PATTERN  a letter for each tick, in a loop: "." is a good frame, "x" one that never gets a buffer, "e" one
 *                   that is flagged as bad, "0" an empty one, "s" half of one
 * V4L2SHIM_FORMATS  the fourcc codes that are offered, with commas between, default MJPG
 * V4L2SHIM_SIZE     1280x720; default is the size of the first JPEG
 * V4L2SHIM_SIZES    1280x720@30,640x480@60: what is offered of each format, and what S_FMT then chooses from; only the
 *                   first is what the pictures really are
 * V4L2SHIM_CONTROLS set: there are controls (see `controls` below); a file of this name keeps their values, as a camera
 *                   does while it has power
 * V4L2SHIM_REFUSE   CALL:ERRNO, such as STREAMON:28 or open:13: what this call answers
 * V4L2SHIM_CAPS     device_caps, such as 0x04008000; V4L2SHIM_DRIVER its name, default uvcvideo
 * V4L2SHIM_BUFFERS  how many buffers are granted at most, default 8
 * V4L2SHIM_LATENCY  seconds that a frame's time lies before the tick at which it comes
 * V4L2SHIM_FREEZE   the number of the frame whose time all later ones bear, as a driver has it that repeats its last frame
 * V4L2SHIM_CLOCK    "unknown": the time of the frames is not said to be of CLOCK_MONOTONIC, and is 1 s; "wall": it is of
 *                   CLOCK_REALTIME, without saying so
 * V4L2SHIM_UNNUMBERED  set: every frame's number is 0
 * V4L2SHIM_PLANES   how many planes of memory a frame has where device_caps have VIDEO_CAPTURE_MPLANE, default 1; the first is luma
 * V4L2SHIM_PADDING  how many bytes follow each of several planes, default 0
 * V4L2SHIM_YCBCR    what S_FMT says of ycbcr_enc, V4L2SHIM_COLORSPACE of colorspace: numbers
 * V4L2SHIM_GIVES    the fourcc code that S_FMT sets, whatever was asked for; V4L2SHIM_QUANTIZATION a number, likewise
 *
 * Each JPEG carries the comment segment "TS<19 digits>" after SOI: the CLOCK_MONOTONIC ns of its time, so that a reader
 * on the same machine can tell how old a picture is when it arrives.
 *
 * gcc -shared -fPIC -O2 -pthread -o v4l2shim.so v4l2shim.c -ldl
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/videodev2.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#define NBUF 8
#define NFILES 4096
#define BUFSZ (4u << 20)
#define TSLEN 25 /* FF FE, length (2), "TS" + 19 digits */

struct file { unsigned char *data; size_t size; };
struct kind { struct file files[NFILES]; int n, next; };
struct fifo { int at[NBUF], n; };

static struct kind jpegs, yuyvs, videos;
static unsigned char *bufs[NBUF];
static struct v4l2_buffer filled[NBUF]; /* what DQBUF answers for each */
static struct fifo queued, done;
static int cam_fd = -1, bell = -1, dead, nbufs; /* cam_fd is a pipe's end for reading, with one byte in it per done buffer */
static unsigned width = 1280, height = 720, format, seq, ticks;
static int streaming;
static pid_t owner;
static pthread_t clock_thread;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t stopped;

#define REAL(name, ret, ...) \
	static ret (*real_##name)(__VA_ARGS__); \
	if (!real_##name) real_##name = dlsym(RTLD_NEXT, #name)

static const char *setting(const char *name, const char *otherwise) { const char *v = getenv(name); return v ? v : otherwise; }
static double fps(void) { return atof(setting("V4L2SHIM_FPS", "30")); }

static int is_dev(const char *path) {
	const char *at = setting("V4L2SHIM_DEV", "/dev/video0");
	for (size_t n; *at; at += n + (at[n] == ':'))
		if (n = strcspn(at, ":"), strlen(path) == n && !strncmp(path, at, n)) return 1;
	return 0;
}

static void push(struct fifo *f, int i) { if (f->n < NBUF) f->at[f->n++] = i; }
static int pop(struct fifo *f) {
	if (!f->n) return -1;
	int i = f->at[0];
	memmove(f->at, f->at + 1, --f->n * sizeof *f->at);
	return i;
}

static int is_fault(const char *wanted) {
	const char *path = getenv("V4L2SHIM_FAULT");
	char word[16] = "";
	FILE *f = path ? fopen(path, "r") : NULL;
	if (!f) return 0;
	if (fscanf(f, "%15s", word) != 1) word[0] = 0;
	fclose(f);
	return !strcmp(word, wanted);
}

static int is_refused(const char *call) {
	const char *rule = setting("V4L2SHIM_REFUSE", "");
	size_t n = strlen(call);
	if (strncmp(rule, call, n) || rule[n] != ':') return 0;
	errno = atoi(rule + n + 1);
	return 1;
}

/* To be called with the lock held. */
static int is_dead(void) {
	if (!dead && is_fault("gone")) dead = 1;
	if (bell >= 0 && (dead || is_fault("broken"))) {
		close(bell);
		bell = -1;
	}
	return dead;
}

/* ---- the pictures ---- */

static void read_size(const unsigned char *p, size_t size) {
	for (size_t k = 2; k + 9 < size && p[k] == 0xFF; k += 2 + (p[k + 2] << 8 | p[k + 3]))
		if (p[k + 1] >= 0xC0 && p[k + 1] <= 0xC3) {
			height = p[k + 5] << 8 | p[k + 6];
			width = p[k + 7] << 8 | p[k + 8];
			return;
		}
}

static void load_file(struct kind *kind, const char *path) {
	FILE *f = fopen(path, "rb");
	if (!f || kind->n == NFILES) return;
	struct file *file = &kind->files[kind->n];
	fseek(f, 0, SEEK_END);
	file->size = ftell(f);
	rewind(f);
	file->data = malloc(file->size);
	if (fread(file->data, 1, file->size, f) == file->size) kind->n++;
	fclose(f);
}

static void load(void) {
	const char *dir = getenv("V4L2SHIM_DIR");
	struct dirent **list;
	int n = dir ? scandir(dir, &list, NULL, alphasort) : 0;
	for (int i = 0; i < n; i++) {
		char path[4096];
		const char *end = strrchr(list[i]->d_name, '.');
		snprintf(path, sizeof path, "%s/%s", dir, list[i]->d_name);
		if (end && !strcmp(end, ".jpg")) load_file(&jpegs, path);
		if (end && !strcmp(end, ".yuyv")) load_file(&yuyvs, path);
		if (end && !strcmp(end, ".h264")) load_file(&videos, path);
	}
	if (jpegs.n) read_size(jpegs.files[0].data, jpegs.files[0].size);
	sscanf(setting("V4L2SHIM_SIZE", ""), "%ux%u", &width, &height);
}

static int is_video(unsigned f) { return f == V4L2_PIX_FMT_H264 || f == V4L2_PIX_FMT_HEVC; }
static int is_raw(unsigned f) { return f != V4L2_PIX_FMT_MJPEG && f != V4L2_PIX_FMT_JPEG && !is_video(f); }

/* The next picture into a buffer; returns its bytes. */
static size_t draw(unsigned char *p, unsigned long long ns) {
	struct kind *kind = is_video(format) ? &videos : is_raw(format) ? &yuyvs : &jpegs;
	if (!kind->n) return 0;
	struct file *file = &kind->files[kind->next++ % kind->n];
	size_t n = file->size > BUFSZ - TSLEN ? BUFSZ - TSLEN : file->size;
	if (kind != &jpegs) {
		memcpy(p, file->data, n);
	} else {
		memcpy(p, "\xFF\xD8\xFF\xFE\x00\x17", 6);
		sprintf((char *)p + 6, "TS%019llu", ns);
		memcpy(p + 2 + TSLEN, file->data + 2, n - 2);
		n += TSLEN;
	}
	if (is_fault("truncate")) n /= 2;
	if (is_fault("garbage")) memset(p, 0x55, n);
	return n;
}

/* ---- the clock ---- */

/* To be called with the lock held. */
static void tick(void) {
	if (!streaming || is_dead() || bell < 0 || is_fault("hang")) return;
	const char *pattern = setting("V4L2SHIM_PATTERN", ".");
	const char *clock = setting("V4L2SHIM_CLOCK", "");
	char letter = *pattern ? pattern[ticks++ % strlen(pattern)] : '.';
	unsigned sequence = seq++;
	int i = letter == 'x' ? -1 : pop(&queued);
	if (i < 0) return;
	struct timespec now;
	clock_gettime(strcmp(clock, "wall") ? CLOCK_MONOTONIC : CLOCK_REALTIME, &now);
	unsigned long long ns = now.tv_sec * 1000000000ull + now.tv_nsec;
	ns -= (unsigned long long)(atof(setting("V4L2SHIM_LATENCY", "0")) * 1e9);
	static unsigned long long frozen;
	if (getenv("V4L2SHIM_FREEZE") && (int)sequence > atoi(getenv("V4L2SHIM_FREEZE"))) ns = frozen;
	frozen = ns;
	size_t n = draw(bufs[i], ns);
	struct v4l2_buffer *b = &filled[i];
	memset(b, 0, sizeof *b);
	b->index = i;
	b->type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
	b->bytesused = letter == '0' ? 0 : letter == 's' ? n / 2 : n;
	b->length = BUFSZ;
	b->flags = V4L2_BUF_FLAG_MAPPED | (letter == 'e' ? V4L2_BUF_FLAG_ERROR : 0);
	b->timestamp.tv_sec = 1;
	if (strcmp(clock, "unknown")) {
		b->flags |= V4L2_BUF_FLAG_TIMESTAMP_MONOTONIC;
		b->timestamp.tv_sec = ns / 1000000000;
		b->timestamp.tv_usec = ns % 1000000000 / 1000;
	}
	b->field = V4L2_FIELD_NONE;
	b->sequence = getenv("V4L2SHIM_UNNUMBERED") ? 0 : sequence;
	b->memory = V4L2_MEMORY_MMAP;
	b->m.offset = i * BUFSZ;
	push(&done, i);
	if (write(bell, "", 1) != 1) abort();
}

static void *run_clock(void *unused) {
	long ns = 1e9 / fps();
	struct timespec next;
	clock_gettime(CLOCK_MONOTONIC, &next);
	pthread_mutex_lock(&lock);
	while (streaming) {
		tick();
		next.tv_nsec += ns % 1000000000;
		next.tv_sec += ns / 1000000000 + next.tv_nsec / 1000000000;
		next.tv_nsec %= 1000000000;
		while (streaming && pthread_cond_timedwait(&stopped, &lock, &next) != ETIMEDOUT) continue;
	}
	pthread_mutex_unlock(&lock);
	return unused;
}

/* Lives as long as the process: while nothing streams, a tick does nothing. */
static void *run_trigger(void *unused) {
	REAL(open, int, const char *, int, ...);
	char byte;
	int fifo = real_open(getenv("V4L2SHIM_TRIGGER"), O_RDWR | O_CLOEXEC);
	while (fifo >= 0 && read(fifo, &byte, 1) == 1) {
		pthread_mutex_lock(&lock);
		tick();
		pthread_mutex_unlock(&lock);
	}
	return unused;
}

static int stream_on(void) {
	static pthread_t trigger_thread;
	pthread_condattr_t attr;
	if (streaming) return 0;
	if (getenv("V4L2SHIM_TRIGGER") && !trigger_thread && pthread_create(&trigger_thread, NULL, run_trigger, NULL)) abort();
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&stopped, &attr);
	ticks = 0;
	streaming = 1;
	if (fps() > 0 && pthread_create(&clock_thread, NULL, run_clock, NULL)) abort();
	return 0;
}

static int stream_off(void) {
	char byte[NBUF];
	pthread_mutex_lock(&lock);
	int was = streaming;
	streaming = 0;
	if (was) pthread_cond_broadcast(&stopped);
	pthread_mutex_unlock(&lock);
	if (was && fps() > 0) pthread_join(clock_thread, NULL);
	if (done.n && read(cam_fd, byte, done.n) < 0) abort();
	queued.n = done.n = 0;
	return 0;
}

/* For programs that tick by themselves (ctypes.CDLL(None) finds these two). */
void v4l2shim_tick(int n) {
	pthread_mutex_lock(&lock);
	while (n-- > 0) tick();
	pthread_mutex_unlock(&lock);
}
int v4l2shim_queued(void) {
	pthread_mutex_lock(&lock);
	int n = queued.n;
	pthread_mutex_unlock(&lock);
	return n;
}

/* ---- what libc is asked for ---- */

static int shim_open(int flags) {
	int ends[2];
	if (is_fault("gone")) { errno = ENOENT; return -1; }
	if (is_refused("open")) return -1;
	if (!jpegs.n && !yuyvs.n && !videos.n) load();
	if (!jpegs.n && !yuyvs.n && !videos.n) { errno = ENODEV; return -1; }
	if (cam_fd >= 0) return dup(cam_fd);
	if (pipe2(ends, O_CLOEXEC | (flags & O_NONBLOCK))) return -1;
	bell = ends[1];
	dead = 0;
	owner = getpid();
	return cam_fd = ends[0];
}

int open(const char *path, int flags, ...) {
	REAL(open, int, const char *, int, ...);
	if (is_dev(path)) return shim_open(flags);
	va_list ap; va_start(ap, flags); int mode = va_arg(ap, int); va_end(ap);
	return real_open(path, flags, mode);
}
int open64(const char *path, int flags, ...) {
	REAL(open64, int, const char *, int, ...);
	if (is_dev(path)) return shim_open(flags);
	va_list ap; va_start(ap, flags); int mode = va_arg(ap, int); va_end(ap);
	return real_open64(path, flags, mode);
}
int access(const char *path, int mode) {
	REAL(access, int, const char *, int);
	if (!is_dev(path)) return real_access(path, mode);
	if (!is_fault("gone")) return 0;
	errno = ENOENT;
	return -1;
}
int stat(const char *path, struct stat *st) {
	REAL(stat, int, const char *, struct stat *);
	if (!is_dev(path)) return real_stat(path, st);
	memset(st, 0, sizeof *st);
	st->st_mode = S_IFCHR | 0660;
	st->st_rdev = makedev(81, 0);
	return 0;
}
int close(int fd) {
	REAL(close, int, int);
	/* A child between vfork and exec closes its copies: that ends nothing here. */
	if (fd >= 0 && fd == cam_fd && owner == getpid()) {
		stream_off();
		cam_fd = -1;
		if (bell >= 0) real_close(bell);
		bell = -1;
	}
	return real_close(fd);
}
static void *shim_mmap(off_t off) {
	unsigned i = off / BUFSZ;
	if (i >= NBUF) { errno = EINVAL; return MAP_FAILED; }
	REAL(mmap, void *, void *, size_t, int, int, int, off_t);
	if (off % BUFSZ == 0) /* else another plane of the same buffer */
		bufs[i] = real_mmap(NULL, BUFSZ, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return bufs[i] + off % BUFSZ;
}
void *mmap(void *a, size_t len, int prot, int flags, int fd, off_t off) {
	REAL(mmap, void *, void *, size_t, int, int, int, off_t);
	if (fd >= 0 && fd == cam_fd) return shim_mmap(off);
	return real_mmap(a, len, prot, flags, fd, off);
}
void *mmap64(void *a, size_t len, int prot, int flags, int fd, off_t off) {
	REAL(mmap64, void *, void *, size_t, int, int, int, off_t);
	if (fd >= 0 && fd == cam_fd) return shim_mmap(off);
	return real_mmap64(a, len, prot, flags, fd, off);
}

/* ---- the driver ---- */

/* The fourcc at this place of the list that is offered; 0 behind its end. */
static unsigned offered(unsigned index) {
	const char *at = setting("V4L2SHIM_FORMATS", "MJPG");
	while (index-- && at) at = (at = strchr(at, ',')) ? at + 1 : NULL;
	return at && strlen(at) >= 4 ? v4l2_fourcc(at[0], at[1], at[2], at[3]) : 0;
}

static int size_at(unsigned index, unsigned *w, unsigned *h, double *rate);

static void set_format(struct v4l2_pix_format *pix, int keep) {
	unsigned wanted = format ? format : offered(0);
	for (unsigned i = 0; offered(i); i++)
		if (offered(i) == pix->pixelformat) wanted = pix->pixelformat;
	if (getenv("V4L2SHIM_GIVES")) memcpy(&wanted, getenv("V4L2SHIM_GIVES"), 4);
	if (keep) format = wanted;
	int yuyv = wanted == V4L2_PIX_FMT_YUYV;
	unsigned w, h, found = 0;
	double rate;
	for (unsigned i = 0; getenv("V4L2SHIM_SIZES") && size_at(i, &w, &h, &rate); i++)
		found |= pix->width == w && pix->height == h;
	if (!found) pix->width = width, pix->height = height;
	pix->pixelformat = wanted;
	pix->field = V4L2_FIELD_NONE;
	pix->bytesperline = yuyv ? 2 * width : 0;
	pix->sizeimage = yuyv ? 2 * width * height : BUFSZ;
	pix->colorspace = is_raw(wanted) ? V4L2_COLORSPACE_SRGB : V4L2_COLORSPACE_JPEG;
	if (getenv("V4L2SHIM_COLORSPACE")) pix->colorspace = atoi(getenv("V4L2SHIM_COLORSPACE"));
	pix->ycbcr_enc = atoi(setting("V4L2SHIM_YCBCR", "0"));
	pix->quantization = atoi(setting("V4L2SHIM_QUANTIZATION", "0"));
}

static int set_any_format(struct v4l2_format *f, int keep) {
	struct v4l2_pix_format pix = {0};
	struct v4l2_pix_format_mplane *mp = &f->fmt.pix_mp;
	if (f->type == V4L2_BUF_TYPE_VIDEO_CAPTURE) {
		set_format(&f->fmt.pix, keep);
		return 0;
	}
	pix.width = mp->width, pix.height = mp->height, pix.pixelformat = mp->pixelformat;
	set_format(&pix, keep);
	mp->width = pix.width, mp->height = pix.height, mp->pixelformat = pix.pixelformat;
	mp->colorspace = pix.colorspace, mp->ycbcr_enc = pix.ycbcr_enc, mp->quantization = pix.quantization;
	mp->num_planes = atoi(setting("V4L2SHIM_PLANES", "1"));
	for (int p = 0; p < mp->num_planes; p++) {
		unsigned line = mp->num_planes > 1 ? pix.width : pix.bytesperline;
		mp->plane_fmt[p].bytesperline = p && mp->num_planes > 2 ? line / 2 : line;
		mp->plane_fmt[p].sizeimage = pix.sizeimage / mp->num_planes;
	}
	return 0;
}

/* Whether this is the type of queue that the camera has. */
static int has_queue(unsigned type) {
	unsigned caps = strtoul(setting("V4L2SHIM_CAPS", "0x04000001"), NULL, 0);
	if (type == V4L2_BUF_TYPE_VIDEO_CAPTURE_MPLANE) return !!(caps & V4L2_CAP_VIDEO_CAPTURE_MPLANE);
	return type == V4L2_BUF_TYPE_VIDEO_CAPTURE && !(caps & V4L2_CAP_VIDEO_CAPTURE_MPLANE);
}

static void set_period(struct v4l2_fract *period) {
	if (fps() <= 0) return; /* ticks come by hand: any rate is right */
	period->numerator = fps() == (int)fps() ? 1 : 1000;
	period->denominator = fps() * period->numerator;
}

static int plane_count(void) { return atoi(setting("V4L2SHIM_PLANES", "1")); }

/* Put the picture's planes, which lie end to end, into the memory of each. */
static void spread(struct v4l2_plane *planes, unsigned char *buffer, unsigned bytes) {
	int count = plane_count(), padding = count > 1 ? atoi(setting("V4L2SHIM_PADDING", "0")) : 0;
	unsigned luma = count > 1 ? width * height : bytes, rest = count > 1 ? (bytes - luma) / (count - 1) : 0;
	for (int p = count - 1; p > 0; p--)
		memmove(buffer + p * (BUFSZ / 4), buffer + luma + (p - 1) * rest, rest);
	for (int p = 0; p < count; p++) {
		planes[p].bytesused = (p ? rest : luma) + padding;
		planes[p].data_offset = 0;
	}
}

static int dqbuf(int fd, struct v4l2_buffer *b) {
	char byte;
	ssize_t rung = read(fd, &byte, 1); /* waits, without O_NONBLOCK */
	if (rung < 0) return -1;
	if (!rung) { errno = dead ? ENODEV : EAGAIN; return -1; }
	pthread_mutex_lock(&lock);
	int i = pop(&done);
	struct v4l2_plane *planes = b->type == V4L2_BUF_TYPE_VIDEO_CAPTURE_MPLANE ? b->m.planes : NULL;
	if (i >= 0) *b = filled[i];
	pthread_mutex_unlock(&lock);
	if (i < 0) { errno = EAGAIN; return -1; }
	if (planes) {
		spread(planes, bufs[i], b->bytesused);
		b->type = V4L2_BUF_TYPE_VIDEO_CAPTURE_MPLANE;
		b->m.planes = planes;
		b->length = plane_count();
		b->bytesused = 0;
	}
	return 0;
}

/* ---- the controls ---- */

static const char *exposures[] = {NULL, "Manual Mode", NULL, "Aperture Priority Mode"};
static const char *powers[] = {"Disabled", "50 Hz", "60 Hz"};
static struct { unsigned id, type; const char *name; int min, max, step, def, value; unsigned flags; const char **menu; }
controls[] = {
	{V4L2_CID_BRIGHTNESS, V4L2_CTRL_TYPE_INTEGER, "Brightness", -64, 64, 1, 0, 0, 0, NULL},
	{V4L2_CID_CONTRAST, V4L2_CTRL_TYPE_INTEGER, "Contrast", 0, 95, 5, 30, 30, 0, NULL},
	{V4L2_CID_AUTO_WHITE_BALANCE, V4L2_CTRL_TYPE_BOOLEAN, "White Balance, Automatic", 0, 1, 1, 1, 1, 0, NULL},
	{V4L2_CID_POWER_LINE_FREQUENCY, V4L2_CTRL_TYPE_MENU, "Power Line Frequency", 0, 2, 0, 1, 1, 0, powers},
	{V4L2_CID_CAMERA_CLASS, V4L2_CTRL_TYPE_CTRL_CLASS, "Camera Controls", 0, 0, 0, 0, 0, V4L2_CTRL_FLAG_READ_ONLY, NULL},
	{V4L2_CID_EXPOSURE_AUTO, V4L2_CTRL_TYPE_MENU, "Auto Exposure", 0, 3, 0, 3, 3, 0, exposures},
	{V4L2_CID_EXPOSURE_ABSOLUTE, V4L2_CTRL_TYPE_INTEGER, "Exposure Time, Absolute", 1, 5000, 1, 157, 157, 0, NULL},
	{V4L2_CID_FOCUS_RELATIVE, V4L2_CTRL_TYPE_INTEGER, "Focus, Relative", 0, 1, 1, 0, 0, V4L2_CTRL_FLAG_WRITE_ONLY, NULL},
	{V4L2_CID_PRIVACY, V4L2_CTRL_TYPE_BOOLEAN, "Privacy", 0, 1, 1, 0, 0, V4L2_CTRL_FLAG_READ_ONLY, NULL},
};
#define NCONTROLS (int)(sizeof controls / sizeof *controls)

static void keep_controls(const char *mode) {
	FILE *f = fopen(setting("V4L2SHIM_CONTROLS", ""), mode);
	for (int i = 0; f && i < NCONTROLS; i++)
		if (*mode == 'w') fprintf(f, "%d\n", controls[i].value);
		else if (fscanf(f, "%d", &controls[i].value) != 1) break;
	if (f) fclose(f);
}

static int control(unsigned id) {
	for (int i = 0; getenv("V4L2SHIM_CONTROLS") && i < NCONTROLS; i++)
		if (controls[i].id == id) return i;
	return -1;
}

static int inactive(int i) {
	return controls[i].id == V4L2_CID_EXPOSURE_ABSOLUTE && controls[control(V4L2_CID_EXPOSURE_AUTO)].value == 3;
}

static int query_control(struct v4l2_queryctrl *q) {
	int i = control(q->id);
	if (q->id & V4L2_CTRL_FLAG_NEXT_CTRL) {
		i = -1;
		for (int k = 0; getenv("V4L2SHIM_CONTROLS") && k < NCONTROLS; k++)
			if (controls[k].id > (q->id & ~V4L2_CTRL_FLAG_NEXT_CTRL) && (i < 0 || controls[k].id < controls[i].id)) i = k;
	}
	if (i < 0) { errno = EINVAL; return -1; }
	memset(q, 0, sizeof *q);
	q->id = controls[i].id;
	q->type = controls[i].type;
	strcpy((char *)q->name, controls[i].name);
	q->minimum = controls[i].min;
	q->maximum = controls[i].max;
	q->step = controls[i].step;
	q->default_value = controls[i].def;
	q->flags = controls[i].flags | (inactive(i) ? V4L2_CTRL_FLAG_INACTIVE : 0);
	return 0;
}

static int set_control(struct v4l2_control *c) {
	int i = control(c->id);
	if (i < 0) { errno = EINVAL; return -1; }
	if (controls[i].flags & V4L2_CTRL_FLAG_READ_ONLY) { errno = EACCES; return -1; }
	if (c->value < controls[i].min || c->value > controls[i].max) { errno = ERANGE; return -1; }
	controls[i].value = c->value;
	keep_controls("w");
	return 0;
}

/* ---- the sizes ---- */

/* One of V4L2SHIM_SIZES; the pictures' own size where there are none. Returns whether there is one at this place. */
static int size_at(unsigned index, unsigned *w, unsigned *h, double *rate) {
	const char *at = setting("V4L2SHIM_SIZES", "");
	*w = width, *h = height, *rate = fps();
	if (!*at) return !index;
	while (index-- && at) at = (at = strchr(at, ',')) ? at + 1 : NULL;
	return at && sscanf(at, "%ux%u@%lf", w, h, rate) == 3;
}

static int shim_ioctl(int fd, unsigned req, void *arg) {
	pthread_mutex_lock(&lock);
	int gone = is_dead();
	pthread_mutex_unlock(&lock);
	if (gone) { errno = ENODEV; return -1; }
#define CALL(name) case VIDIOC_##name: if (is_refused(#name)) return -1
	switch (req) {
	CALL(QUERYCAP); {
		struct v4l2_capability *c = arg;
		memset(c, 0, sizeof *c);
		snprintf((char *)c->driver, sizeof c->driver, "%s", setting("V4L2SHIM_DRIVER", "uvcvideo"));
		strcpy((char *)c->card, "Shim MJPEG webcam");
		strcpy((char *)c->bus_info, "usb-shim-1");
		c->version = 0x060100;
		c->device_caps = strtoul(setting("V4L2SHIM_CAPS", "0x04000001"), NULL, 0);
		c->capabilities = V4L2_CAP_VIDEO_CAPTURE | V4L2_CAP_STREAMING | V4L2_CAP_DEVICE_CAPS;
		return 0;
	}
	CALL(ENUM_FMT); {
		struct v4l2_fmtdesc *d = arg;
		if (!has_queue(d->type) || !offered(d->index)) break;
		d->pixelformat = offered(d->index);
		d->flags = d->pixelformat == V4L2_PIX_FMT_YUYV ? 0 : V4L2_FMT_FLAG_COMPRESSED;
		strcpy((char *)d->description, d->pixelformat == V4L2_PIX_FMT_MJPEG ? "Motion-JPEG" : "Other");
		return 0;
	}
	CALL(ENUM_FRAMESIZES); {
		struct v4l2_frmsizeenum *s = arg;
		double rate;
		if (!size_at(s->index, &s->discrete.width, &s->discrete.height, &rate)) break;
		s->type = V4L2_FRMSIZE_TYPE_DISCRETE;
		return 0;
	}
	CALL(ENUM_FRAMEINTERVALS); {
		struct v4l2_frmivalenum *v = arg;
		unsigned w, h, i = 0;
		double rate;
		if (v->index) break;
		v->type = V4L2_FRMIVAL_TYPE_DISCRETE;
		while (size_at(i, &w, &h, &rate) && (w != v->width || h != v->height)) i++;
		v->discrete.numerator = 1;
		v->discrete.denominator = rate > 0 ? rate : 30;
		return 0;
	}
	CALL(G_FMT);
		((struct v4l2_format *)arg)->fmt.pix.pixelformat = 0;
		return set_any_format(arg, 0);
	CALL(S_FMT);
		if (!has_queue(((struct v4l2_format *)arg)->type)) break;
		return set_any_format(arg, 1);
	CALL(TRY_FMT); return set_any_format(arg, 0);
	CALL(QUERYCTRL); return query_control(arg);
	CALL(QUERYMENU); {
		struct v4l2_querymenu *m = arg;
		int i = control(m->id);
		if (i < 0 || !controls[i].menu || (int)m->index > controls[i].max || !controls[i].menu[m->index]) break;
		strcpy((char *)m->name, controls[i].menu[m->index]);
		return 0;
	}
	CALL(G_CTRL); {
		struct v4l2_control *c = arg;
		int i = control(c->id);
		if (i < 0) break;
		keep_controls("r");
		c->value = controls[i].value;
		return 0;
	}
	CALL(S_CTRL); return set_control(arg);
	CALL(G_INPUT); *(int *)arg = 0; return 0;
	CALL(S_INPUT); return 0;
	CALL(ENUMINPUT); {
		struct v4l2_input *in = arg;
		if (in->index) break;
		strcpy((char *)in->name, "Camera 1");
		in->type = V4L2_INPUT_TYPE_CAMERA;
		return 0;
	}
	case VIDIOC_G_PARM:
	CALL(S_PARM); {
		struct v4l2_streamparm *s = arg;
		s->parm.capture.capability = V4L2_CAP_TIMEPERFRAME;
		set_period(&s->parm.capture.timeperframe);
		return 0;
	}
	CALL(REQBUFS); {
		struct v4l2_requestbuffers *r = arg;
		int most = atoi(setting("V4L2SHIM_BUFFERS", "8"));
		if (r->memory != V4L2_MEMORY_MMAP || !has_queue(r->type)) break;
		if ((int)r->count > most) r->count = most;
		nbufs = r->count;
		queued.n = 0;
		return 0;
	}
	CALL(QUERYBUF); {
		struct v4l2_buffer *b = arg;
		if ((int)b->index >= nbufs) break;
		if (b->type == V4L2_BUF_TYPE_VIDEO_CAPTURE_MPLANE) {
			for (int p = 0; p < plane_count(); p++) {
				b->m.planes[p].length = plane_count() > 1 ? BUFSZ / 4 : BUFSZ;
				b->m.planes[p].m.mem_offset = b->index * BUFSZ + p * (BUFSZ / 4);
			}
			b->length = plane_count();
		} else {
			b->length = BUFSZ;
			b->m.offset = b->index * BUFSZ;
		}
		b->flags = V4L2_BUF_FLAG_MAPPED | V4L2_BUF_FLAG_TIMESTAMP_MONOTONIC;
		return 0;
	}
	CALL(QBUF); {
		struct v4l2_buffer *b = arg;
		pthread_mutex_lock(&lock);
		push(&queued, b->index);
		pthread_mutex_unlock(&lock);
		b->flags |= V4L2_BUF_FLAG_QUEUED;
		return 0;
	}
	CALL(DQBUF); return dqbuf(fd, arg);
	CALL(STREAMON); return stream_on();
	CALL(STREAMOFF); return stream_off();
	}
	errno = EINVAL;
	return -1;
}

int ioctl(int fd, unsigned long req, ...) {
	REAL(ioctl, int, int, unsigned long, ...);
	va_list ap; va_start(ap, req); void *arg = va_arg(ap, void *); va_end(ap);
	if (fd >= 0 && fd == cam_fd) return shim_ioctl(fd, req, arg);
	return real_ioctl(fd, req, arg);
}
