// The files of the worker, in memory: Go's package os uses them as its disk (see
// wasm_exec.js). A capture that was dropped on the page is one of them. It is read
// piece by piece from the browser's file, and is not kept in memory.
"use strict";

const files = (() => {
  const DIRECTORY = 0o040777, REGULAR = 0o100666;
  const O_WRONLY = 1, O_RDWR = 2, O_CREAT = 64, O_TRUNC = 512, O_APPEND = 1024, O_EXCL = 128, O_DIRECTORY = 65536;
  const constants = { O_WRONLY, O_RDWR, O_CREAT, O_TRUNC, O_APPEND, O_EXCL, O_DIRECTORY };

  let nextInode = 1;
  let nextDescriptor = 10;
  const nodes = new Map([["/", folder()]]); // by path
  const open = new Map(); // by file descriptor

  function folder() { return { mode: DIRECTORY, inode: nextInode++, time: Date.now() }; }
  function regular() { return { mode: REGULAR, inode: nextInode++, time: Date.now(), data: new Uint8Array(0), size: 0 }; }

  function fail(code, message) { const e = new Error(message || code); e.code = code; throw e; }

  function clean(path) {
    const parts = [];
    for (const part of path.split("/")) {
      if (part === "..") parts.pop(); else if (part !== "" && part !== ".") parts.push(part);
    }
    return "/" + parts.join("/");
  }
  const parent = path => path.slice(0, path.lastIndexOf("/")) || "/";

  function find(path) { return nodes.get(clean(path)) || fail("ENOENT"); }

  function stat(node) {
    const size = node.blob ? node.blob.size : node.size || 0;
    return {
      dev: 1, ino: node.inode, mode: node.mode, nlink: 1, uid: 0, gid: 0, rdev: 0, size, blksize: 4096,
      blocks: Math.ceil(size / 512), atimeMs: node.time, mtimeMs: node.time, ctimeMs: node.time,
      isDirectory: () => node.mode === DIRECTORY,
    };
  }

  // ---- reading and writing

  let watch = () => {}; // gets how far a file of the browser was read, from 0 to 1

  const blockSize = 16 << 20; // each block costs the browser about 7 ms, in addition to its bytes

  // readBlob reads from a file of the browser, through a copy of the blocks around it.
  function readBlob(node, into, at) {
    let done = 0;
    while (done < into.length && at + done < node.blob.size) {
      const begin = Math.floor((at + done) / blockSize) * blockSize;
      if (node.begin !== begin) {
        watch(begin / node.blob.size);
        node.block = new Uint8Array(new FileReaderSync().readAsArrayBuffer(node.blob.slice(begin, begin + blockSize)));
        node.begin = begin;
      }
      const piece = node.block.subarray(at + done - begin, at + into.length - begin);
      into.set(piece, done);
      done += piece.length;
    }
    return done;
  }

  function readNode(node, into, at) {
    if (node.blob) return readBlob(node, into, at);
    const piece = node.data.subarray(at, Math.min(at + into.length, node.size));
    into.set(piece);
    return piece.length;
  }

  const mostBytes = 1 << 30; // of a file, because files are in memory

  function resize(node, size) {
    if (size > mostBytes) fail("ENOSPC");
    if (size > node.data.length) {
      const larger = new Uint8Array(Math.max(size, 2 * node.data.length, 4096));
      larger.set(node.data.subarray(0, node.size));
      node.data = larger;
    } else {
      node.data.fill(0, size, node.size);
    }
    node.size = size;
  }

  function writeNode(node, bytes, at) {
    if (node.blob) fail("EACCES");
    if (at + bytes.length > node.size) resize(node, at + bytes.length);
    node.data.set(bytes, at);
    node.time = Date.now();
    return bytes.length;
  }

  // ---- what Go calls

  const decoder = new TextDecoder();
  let line = "";

  // say prints what Go writes to its standard outputs, such as a panic, line by
  // line.
  function say(bytes) {
    line += decoder.decode(bytes, { stream: true });
    const end = line.lastIndexOf("\n");
    if (end >= 0) { console.log(line.slice(0, end)); line = line.slice(end + 1); }
    return bytes.length;
  }

  const operations = {
    open(path, flags, mode) {
      path = clean(path);
      let node = nodes.get(path);
      if (node && (flags & O_CREAT) && (flags & O_EXCL)) fail("EEXIST");
      if (!node) {
        if (!(flags & O_CREAT)) fail("ENOENT");
        if (find(parent(path)).mode !== DIRECTORY) fail("ENOTDIR");
        nodes.set(path, node = regular());
      }
      if (node.mode === DIRECTORY && (flags & (O_WRONLY | O_RDWR))) fail("EISDIR");
      if (node.mode !== DIRECTORY && (flags & O_DIRECTORY)) fail("ENOTDIR");
      if ((flags & O_TRUNC) && node.mode === REGULAR) resize(node, 0);
      open.set(nextDescriptor, { node, at: 0, append: !!(flags & O_APPEND) });
      return nextDescriptor++;
    },
    close(fd) { open.delete(fd); return null; },
    read(fd, buffer, offset, length, position) {
      const f = open.get(fd) || fail("EBADF");
      if (f.node.mode === DIRECTORY) fail("EISDIR");
      const n = readNode(f.node, buffer.subarray(offset, offset + length), position === null ? f.at : position);
      if (position === null) f.at += n;
      return n;
    },
    write(fd, buffer, offset, length, position) {
      const bytes = buffer.subarray(offset, offset + length);
      if (fd === 1 || fd === 2) return say(bytes);
      const f = open.get(fd) || fail("EBADF");
      if (f.append) f.at = f.node.size;
      const n = writeNode(f.node, bytes, position === null ? f.at : position);
      if (position === null) f.at += n;
      return n;
    },
    fstat(fd) { return stat((open.get(fd) || fail("EBADF")).node); },
    stat(path) { return stat(find(path)); },
    lstat(path) { return stat(find(path)); },
    mkdir(path) {
      path = clean(path);
      if (nodes.has(path)) fail("EEXIST");
      if (find(parent(path)).mode !== DIRECTORY) fail("ENOTDIR");
      nodes.set(path, folder());
      return null;
    },
    readdir(path) {
      path = clean(path);
      find(path);
      const before = path === "/" ? "/" : path + "/";
      return [...nodes.keys()].filter(p => p !== "/" && p.startsWith(before) && !p.slice(before.length).includes("/")).map(p => p.slice(before.length));
    },
    unlink(path) {
      if (find(path).mode === DIRECTORY) fail("EISDIR");
      nodes.delete(clean(path));
      return null;
    },
    rmdir(path) {
      if (find(path).mode !== DIRECTORY) fail("ENOTDIR");
      if (operations.readdir(path).length > 0) fail("ENOTEMPTY");
      nodes.delete(clean(path));
      return null;
    },
    rename(from, to) {
      const node = find(from);
      if (node.mode === DIRECTORY) fail("ENOSYS"); // nothing renames a folder
      find(parent(clean(to)));
      nodes.set(clean(to), node);
      nodes.delete(clean(from));
      return null;
    },
    ftruncate(fd, size) { resize((open.get(fd) || fail("EBADF")).node, size); return null; },
    truncate(path, size) { resize(find(path), size); return null; },
    fsync() { return null; },
    chmod() { return null; }, fchmod() { return null; }, chown() { return null; }, fchown() { return null; }, lchown() { return null; },
    utimes() { return null; },
    link() { fail("ENOSYS"); }, symlink() { fail("ENOSYS"); }, readlink() { fail("EINVAL"); },
  };

  // Go passes a callback, as to the fs module of Node.js.
  const fs = { constants, writeSync: (fd, bytes) => operations.write(fd, bytes, 0, bytes.length, null) };
  for (const [name, operation] of Object.entries(operations)) {
    fs[name] = (...args) => {
      const done = args.pop();
      let result;
      try { result = operation(...args); } catch (error) {
        // Go crashes on an error whose code is not one of its own, as that of a file which
        // was changed after it was dropped.
        done(typeof error.code === "string" ? error : Object.assign(new Error(error.message), { code: "EIO" }));
        return;
      }
      done(null, result);
    };
  }

  operations.mkdir("/tmp");
  operations.mkdir("/dropped");
  return {
    fs,
    // bytes returns the bytes of a file that Go has written.
    bytes(path) { const node = find(path); return node.data.slice(0, node.size); },
    // watch calls a function with how far a dropped file was read, from 0 to 1, with every block
    // of it. Several passes begin again at 0.
    watch(f) { watch = f; },
    // drop replaces the last dropped file by another one, and returns its
    // path.
    drop(blob, name) {
      for (const path of [...nodes.keys()]) if (path.startsWith("/dropped/")) nodes.delete(path);
      const path = "/dropped/" + (name.replaceAll(/[/\0]/g, "_") || "capture");
      nodes.set(path, { ...regular(), blob });
      return path;
    },
  };
})();
