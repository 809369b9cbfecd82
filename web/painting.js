// Drawing: from the network's small square of probabilities to a mask of the photo's size, and onto the photo.

const SKY = [86, 180, 233];

// The mask, a Uint8Array of 0 and 1: probabilities (side x side, 0-255) interpolated to the photo's size, then cut.
export function maskOf(hand, side, width, height, threshold) {
  const mask = new Uint8Array(width * height);
  const cut = threshold * 255;
  const across = positions(width, side);
  const down = positions(height, side);
  const line = new Float32Array(side);
  for (let y = 0, i = 0; y < height; y++) {
    const [above, below, part] = [down.first[y] * side, down.second[y] * side, down.part[y]];
    for (let x = 0; x < side; x++) line[x] = hand[above + x] * (1 - part) + hand[below + x] * part;
    for (let x = 0; x < width; x++, i++) {
      const { first, second, part } = across;
      if (line[first[x]] * (1 - part[x]) + line[second[x]] * part[x] >= cut) mask[i] = 1;
    }
  }
  return mask;
}

// Where each pixel of the photo lies among the network's: between a first and a second one, and how near the second.
function positions(length, side) {
  const [first, second, part] = [new Uint16Array(length), new Uint16Array(length), new Float32Array(length)];
  for (let i = 0; i < length; i++) {
    const at = Math.min(Math.max(((i + 0.5) * side) / length - 0.5, 0), side - 1);
    first[i] = Math.floor(at);
    second[i] = Math.min(first[i] + 1, side - 1);
    part[i] = at - first[i];
  }
  return { first, second, part };
}

// Paints a picture and its mask: "mask" over the photo, "cut" out, background "blur", or the "photo" alone.
export function paint(context, picture, mask, how) {
  const { width, height } = context.canvas;
  context.globalCompositeOperation = "copy";
  context.filter = "none";
  if (how === "mask" || how === "photo") context.drawImage(picture, 0, 0, width, height);
  if (how === "mask") {
    context.globalCompositeOperation = "source-over";
    context.drawImage(asCanvas(tinted(mask, width, height), width, height), 0, 0);
  }
  if (how === "cut" || how === "blur") {
    context.drawImage(asCanvas(stencil(mask), width, height), 0, 0);
    context.globalCompositeOperation = "source-in";
    context.drawImage(picture, 0, 0, width, height);
  }
  if (how === "blur") {
    context.globalCompositeOperation = "destination-over";
    context.filter = `blur(${Math.max(4, Math.round(Math.max(width, height) / 50))}px)`;
    context.drawImage(picture, 0, 0, width, height);
    context.filter = "none";
    context.drawImage(picture, 0, 0, width, height); // below the blurred edge, which lets the ground through
  }
  context.globalCompositeOperation = "source-over";
}

// The hand alone as a PNG of the photo's size. What is transparent hides nothing of the photo.
export function cutOut(picture, mask) {
  const canvas = new OffscreenCanvas(picture.width, picture.height);
  paint(canvas.getContext("2d"), picture, mask, "cut");
  return canvas.convertToBlob({ type: "image/png" });
}

function stencil(mask) {
  const pixels = new Uint8ClampedArray(mask.length * 4);
  for (let i = 0; i < mask.length; i++) pixels[4 * i + 3] = 255 * mask[i];
  return pixels;
}

// Filled lightly, outlined strongly.
function tinted(mask, width, height) {
  const pixels = new Uint8ClampedArray(mask.length * 4);
  const reach = Math.max(1, Math.round(Math.max(width, height) / 240));
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const i = y * width + x;
      if (!mask[i]) continue;
      const inside =
        mask[i - reach] && mask[i + reach] && mask[i - reach * width] && mask[i + reach * width] && x >= reach && x + reach < width;
      pixels[4 * i] = SKY[0];
      pixels[4 * i + 1] = SKY[1];
      pixels[4 * i + 2] = SKY[2];
      pixels[4 * i + 3] = inside ? 72 : 255;
    }
  }
  return pixels;
}

function asCanvas(pixels, width, height) {
  const canvas = new OffscreenCanvas(width, height);
  canvas.getContext("2d").putImageData(new ImageData(pixels, width, height), 0, 0);
  return canvas;
}
