/** Every limit of the resolution sockets. */
export const resolutionLimits = {
  tcpConnections: 1_024,
  /** Requests of one connection, and of all by UDP, that wait for another node or for the disk. */
  tcpWaiting: 64,
  udpWaiting: 4_096,
  /** hdllib's clients wait as long. */
  tcpIdleMs: 60_000,
  /**
   * A question of some 70 bytes by UDP can come from a forged address: its answer is at most so long. A larger one is
   * refused, and fetched by TCP.
   */
  udpAnswerBytes: 16_384,
  /** What is longer than a packet is counted by the address that it goes to: at most so much at once, and in the long run so much a second. */
  udpBurstBytes: 128 << 10,
  udpBytesPerS: 16_384,
  /** Addresses that are counted; the longest unused gives way. */
  udpAddresses: 65_536,
  /** What hdllib's clients wait for an answer by UDP before they ask again. */
  udpRetriesMs: [500, 1_000, 1_500],
} as const
