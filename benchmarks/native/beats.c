#include "beats.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "clock.h"

/* A publisher that has so many beats before it is late: to give it more would only make it look worse for ever. */
enum { MOST_UNTAKEN = 64 };

void beats_open(struct beats *beats, int fd, int64_t base) {
    beats->fd = fd;
    beats->base = base;
    beats->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
    if (fd >= 0) fcntl(fd, F_SETFL, O_NONBLOCK);
}

void beats_pace(struct beats *beats, double per_second) {
    long period_ns = per_second > 0 ? (long)(1e9 / per_second) : 0;
    struct timespec period = {period_ns / 1000000000, period_ns % 1000000000};
    struct itimerspec timer = {.it_interval = period, .it_value = period};
    timerfd_settime(beats->timer_fd, 0, &timer, NULL);
}

void beats_give(struct beats *beats) {
    int64_t beat = beats->given + 1;
    beats->due_ns[beat % BEATS_REMEMBERED] = now_ns();
    if (write(beats->fd, ".", 1) == 1) beats->given = beat;
}

void beats_timer(struct beats *beats) {
    uint64_t due;
    if (read(beats->timer_fd, &due, sizeof due) != sizeof due) return;
    int untaken = 0;
    ioctl(beats->fd, FIONREAD, &untaken);
    if (untaken < MOST_UNTAKEN)
        beats_give(beats);
    else
        beats->left_out++;
}
