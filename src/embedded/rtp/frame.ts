/** The engine works in frames of 20 ms at 8 kHz, linear 16 bit. */
export const SAMPLES_PER_MS = 8;
export const FRAME_MS = 20;
export const FRAME_SAMPLES = FRAME_MS * SAMPLES_PER_MS;
