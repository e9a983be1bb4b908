/* Prints each new frame of a camera, with libzmq and nothing else of framebus:
 *
 *     cc -o read_frames read_frames.c -lzmq && ./read_frames ipc:///run/user/1000/framebus/front.frames front
 *     ./read_frames --file live.bin      reads one message from a file
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

/* The value of a number in the header, which is one line of JSON without line ends in it; -1 where it is missing.
 * A program that needs more of the header takes a JSON library. */
static double number(const char *header, const char *key) {
    char quoted[64];
    snprintf(quoted, sizeof quoted, "\"%s\":", key);
    const char *found = strstr(header, quoted);
    return found ? strtod(found + strlen(quoted), NULL) : -1;
}

/* A message is KIND/CAMERA LF HEADER LF BODY; the body may hold any byte. */
static int show(char *message, size_t size) {
    char *header = memchr(message, '\n', size);
    if (!header) return 0;
    header++;
    char *body = memchr(header, '\n', message + size - header);
    if (!body) return 0;
    *body++ = 0;
    if (number(header, "v") != 1) return 0;
    printf("frame %.0f: %.0fx%.0f, %zu bytes\n", number(header, "seq"), number(header, "width"),
           number(header, "height"), (size_t)(message + size - body));
    return fflush(stdout) == 0;
}

int main(int count, char **arguments) {
    static char buffer[1 << 16];
    if (count != 3) return 2;
    if (!strcmp(arguments[1], "--file")) {
        FILE *file = fopen(arguments[2], "rb");
        return !(file && show(buffer, fread(buffer, 1, sizeof buffer, file)));
    }
    char topic[64];
    int one = 1;
    void *socket = zmq_socket(zmq_ctx_new(), ZMQ_SUB);
    snprintf(topic, sizeof topic, "live/%s\n", arguments[2]); /* with its LF, so that cam1 is not cam10 */
    zmq_setsockopt(socket, ZMQ_CONFLATE, &one, sizeof one);    /* hold the newest message, and no other */
    zmq_setsockopt(socket, ZMQ_SUBSCRIBE, topic, strlen(topic));
    if (zmq_connect(socket, arguments[1])) return perror(arguments[1]), 1;
    for (;;) {
        zmq_msg_t message;
        zmq_msg_init(&message);
        if (zmq_msg_recv(&message, socket, 0) >= 0) show(zmq_msg_data(&message), zmq_msg_size(&message));
        zmq_msg_close(&message);
    }
}
