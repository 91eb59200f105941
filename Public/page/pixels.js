// Pictures as pixels: decoding for display, and the difference of two enlarged eight times.

const ROWS = 128;
const GAIN = 8;

/** Decodes for display; throws where the browser does not know the format. */
export const decode = (blob) => createImageBitmap(blob);

/**
 * The difference of two pictures of one size, times eight, as a canvas.
 *
 * Both are decoded without converting colours, so that values are compared as they are stored.
 */
export async function difference(before, after) {
  const raw = { colorSpaceConversion: "none", premultiplyAlpha: "none" };
  const pictures = await Promise.all([before, after].map((blob) => createImageBitmap(blob, raw)));
  const { width, height } = pictures[1];
  const canvas = new OffscreenCanvas(width, height);
  const out = canvas.getContext("2d");
  const strips = pictures.map(() => new OffscreenCanvas(width, ROWS)
    .getContext("2d", { willReadFrequently: true }));
  for (let top = 0; top < height; top += ROWS) {
    const rows = Math.min(ROWS, height - top);
    const [one, two] = strips.map((strip, index) => {
      strip.clearRect(0, 0, width, ROWS);
      strip.drawImage(pictures[index], 0, -top);
      return strip.getImageData(0, 0, width, rows);
    });
    for (let index = 0; index < two.data.length; index += 1) {
      two.data[index] = index % 4 === 3 ? 255 : Math.abs(two.data[index] - one.data[index]) * GAIN;
    }
    out.putImageData(two, 0, top);
    // Let the page breathe between strips.
    if (top % (ROWS * 4) === 0) await new Promise((resolve) => setTimeout(resolve));
  }
  for (const picture of pictures) picture.close();
  return canvas;
}
