/* As much of RFC 6455 as a client needs that is answered with whole frames. */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum opcode { OP_CONTINUATION = 0, OP_TEXT = 1, OP_BINARY = 2, OP_CLOSE = 8, OP_PING = 9, OP_PONG = 10 };

struct frame {
    int opcode;
    int final;
    const uint8_t *payload;
    size_t size;
};

/* Reads one frame of a server. Returns the bytes that it takes, or 0 if it is not complete yet. */
size_t frame_read(const uint8_t *data, size_t size, struct frame *frame);

/* Writes a client's frame; `out` has room for 14 bytes more than the payload. Returns its size. */
size_t frame_write(uint8_t *out, enum opcode opcode, const void *payload, size_t size);

/* Writes the header of a server's frame; `out` has room for 10 bytes. Returns its size. */
size_t frame_header(uint8_t *out, enum opcode opcode, size_t size);
