/** The height of a row of the overview; a finger needs more room than a pointer. */
export const ROW_HEIGHT = matchMedia('(pointer: coarse)').matches ? 36 : 24;
