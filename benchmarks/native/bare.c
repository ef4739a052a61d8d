/* The limit: a loop that sends the same frame to every client by `send`, and does nothing else.
 *
 *   bare TEMPLATE   prints its port; each byte on standard input is one message for all
 *
 * In TEMPLATE `@SINCE@` and `@SEQUENCE@` become the places of the message. Whatever a client says after its handshake is
 * not read. The sockets block: a client that does not read stops it all.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "websocket.h"

enum { MOST = 60000, MESSAGE_ROOM = 65536, BATCH = 64 };

static int clients[MOST], count;
static char message[MESSAGE_ROOM];
static uint8_t frame[MESSAGE_ROOM + 10];
static long sequence;

/* The accept value is the one to the key of RFC 6455 section 1.3, which the crowd always sends. */
static const char ANSWER[] = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                             "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

static size_t fill(const char *template) {
    char *out = message;
    while (*template && out < message + MESSAGE_ROOM - 32) {
        if (strncmp(template, "@SINCE@", 7) == 0) {
            out += sprintf(out, "%ld", sequence - 1);
            template += 7;
        } else if (strncmp(template, "@SEQUENCE@", 10) == 0) {
            out += sprintf(out, "%ld", sequence);
            template += 10;
        } else {
            *out++ = *template++;
        }
    }
    return (size_t)(out - message);
}

static void publish(const char *template) {
    sequence++;
    size_t size = fill(template), begin = frame_header(frame, OP_TEXT, size);
    memcpy(frame + begin, message, size);
    for (int at = 0; at < count; at++) {
        if (send(clients[at], frame, begin + size, MSG_NOSIGNAL) >= 0) continue;
        close(clients[at]);
        clients[at--] = clients[--count];
    }
}

static void take_beats(const char *template) {
    char beats[256];
    ssize_t got = read(STDIN_FILENO, beats, sizeof beats);
    if (got <= 0) exit(0);
    while (got-- > 0) publish(template);
}

static void greet(int epoll, int fd) {
    char request[2048];
    ssize_t got = recv(fd, request, sizeof request, 0);
    epoll_ctl(epoll, EPOLL_CTL_DEL, fd, NULL);
    /* The crowd's request is one small segment. */
    if (got < 4 || memmem(request, (size_t)got, "\r\n\r\n", 4) == NULL || count == MOST ||
        send(fd, ANSWER, sizeof ANSWER - 1, MSG_NOSIGNAL) < 0)
        close(fd);
    else
        clients[count++] = fd;
}

static void watch(int epoll, int fd) {
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

int main(int argc, char **argv) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    struct rlimit files;
    int one = 1, listener = socket(AF_INET, SOCK_STREAM, 0), epoll = epoll_create1(0);
    if (argc != 2) return 2;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    if (bind(listener, (struct sockaddr *)&address, length) < 0 || listen(listener, 4096) < 0) return 1;
    getsockname(listener, (struct sockaddr *)&address, &length);
    printf("{\"port\":%d}\n", ntohs(address.sin_port));
    fflush(stdout);
    watch(epoll, listener);
    watch(epoll, STDIN_FILENO);
    for (;;) {
        struct epoll_event events[BATCH];
        int ready = epoll_wait(epoll, events, BATCH, -1);
        for (int at = 0; at < ready; at++) {
            int fd = events[at].data.fd;
            if (fd == STDIN_FILENO) {
                take_beats(argv[1]);
            } else if (fd == listener) {
                int client = accept(listener, NULL, NULL);
                setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
                watch(epoll, client);
            } else {
                greet(epoll, fd);
            }
        }
    }
}
