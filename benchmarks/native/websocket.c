#include "websocket.h"

#include <string.h>

size_t frame_read(const uint8_t *data, size_t size, struct frame *frame) {
    if (size < 2) return 0;
    size_t length = data[1] & 0x7f, begin = 2;
    if (length == 126) {
        if (size < 4) return 0;
        length = (size_t)data[2] << 8 | data[3];
        begin = 4;
    } else if (length == 127) {
        if (size < 10) return 0;
        length = 0;
        for (int at = 2; at < 10; at++) length = length << 8 | data[at];
        begin = 10;
    }
    if (length > size - begin) return 0;
    frame->opcode = data[0] & 0x0f;
    frame->final = data[0] >> 7;
    frame->payload = data + begin;
    frame->size = length;
    return begin + length;
}

size_t frame_header(uint8_t *out, enum opcode opcode, size_t size) {
    out[0] = 0x80 | (uint8_t)opcode;
    if (size <= 125) {
        out[1] = (uint8_t)size;
        return 2;
    }
    int width = size <= 0xffff ? 2 : 8;
    out[1] = width == 2 ? 126 : 127;
    for (int at = 0; at < width; at++) out[2 + at] = (uint8_t)(size >> 8 * (width - 1 - at));
    return 2 + (size_t)width;
}

size_t frame_write(uint8_t *out, enum opcode opcode, const void *payload, size_t size) {
    size_t begin = frame_header(out, opcode, size);
    out[1] |= 0x80;
    memset(out + begin, 0, 4); /* A mask of zeros is a mask, and changes nothing. */
    memcpy(out + begin + 4, payload, size);
    return begin + 4 + size;
}
