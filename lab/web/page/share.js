// Scenarios in the fragment of an address. Browsers do not send the fragment to the
// server.

// mostBytes limits the decompressed size: a link of a few kilobytes could become
// gigabytes.
const mostBytes = 256 << 10;

async function through(bytes, transform) {
  const reader = new Blob([bytes]).stream().pipeThrough(transform).getReader();
  const pieces = [];
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    size += value.length;
    if (size > mostBytes) {
      reader.cancel();
      throw new Error("The scenario in this link is too large");
    }
    pieces.push(value);
  }
  return new Uint8Array(await new Blob(pieces).arrayBuffer());
}

// pack compresses a text and encodes it for an address.
export async function pack(text) {
  const bytes = await through(new TextEncoder().encode(text), new CompressionStream("deflate-raw"));
  let binary = "";
  for (const b of bytes) binary += String.fromCharCode(b);
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

// unpack is the inverse of pack. It fails for other texts.
export async function unpack(packed) {
  let bytes;
  try {
    const binary = atob(packed.replaceAll("-", "+").replaceAll("_", "/"));
    bytes = await through(Uint8Array.from(binary, c => c.charCodeAt(0)), new DecompressionStream("deflate-raw"));
  } catch (error) {
    if (error.message.includes("too large")) throw error;
    throw new Error("This link is damaged: the scenario in it cannot be read");
  }
  return new TextDecoder().decode(bytes);
}
