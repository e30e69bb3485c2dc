/** Every limit of the faces over HTTP. */
export const faceLimits = {
  /** 2,000 records of a batch with room. */
  bodyBytes: 16 << 20,
  /** Of all requests that are being read. */
  bodyBytesOfAll: 256 << 20,
  urlCharacters: 8_192,
  headerBytes: 32_768,
  requestMs: 30_000,
  keepAliveMs: 60_000,
  connections: 1_024,
  /** Handles of one page of a list. */
  pageSize: 1_000,
  /** Sessions of REST clients that answered a challenge, or were given one. */
  sessions: 10_000,
  /** Of those, begun by one address and not proven; its oldest gives way. */
  sessionsOfAddress: 64,
  sessionMs: 600_000,
  /** Open WebSockets of a node, bytes of a message from outside, and bytes that wait for a reader. */
  sockets: 1_000,
  socketMessageBytes: 1_024,
  socketBufferedBytes: 16 << 20,
  /** Who did not answer the last ping at the next is gone. */
  socketPingMs: 30_000,
  /** A challenge of IDHub's API may be answered for so long. */
  challengeMs: 60_000,
  /** Handles of a list whose pages have numbers: each page begins at the first. */
  listedByNumber: 100_000,
  /** Records of one batch over HTTP. */
  batchItems: 2_000,
  /** Characters of a handle by SNMS. */
  snmsHandleCharacters: 255,
} as const
