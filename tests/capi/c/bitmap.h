/* A picture file in memory. */
#ifndef BITMAP_H
#define BITMAP_H

#include <stdint.h>
#include <string.h>

enum { BITMAP_SIDE = 32, BITMAP_LEN = 54 + BITMAP_SIDE * BITMAP_SIDE * 3 };

/* BMP, 24 bits a pixel. */
static const uint8_t *a_bitmap(void)
{
    static uint8_t file[BITMAP_LEN] = {'B', 'M'};
    const uint32_t fields[] = {BITMAP_LEN, 0, 54, 40, BITMAP_SIDE, BITMAP_SIDE, 1 | 24u << 16};
    size_t i;
    for (i = 0; i < sizeof fields; i++)
        file[2 + i] = (uint8_t)(fields[i / 4] >> (8 * (i % 4)));
    for (i = 54; i < sizeof file; i++)
        file[i] = (uint8_t)(i * 11 % 241);
    return file;
}

#endif
