/** Every limit of the Handle protocol here. What a peer declares beyond them is refused before anything is made for it. */
export const handleLimits = {
  /** hdllib refuses longer messages. */
  messageBytes: 262_144,
  /** hdllib's MAX_HANDLE_LENGTH. */
  nameBytes: 2_048,
  typeBytes: 1_024,
  values: 2_048,
  references: 2_048,
  /** Indexes and types of one resolution. */
  filters: 2_048,
  /** Names of one list; what does not fit a message continues in the next (flag CN). */
  names: 65_536,
  siteAttributes: 1_024,
  siteServers: 1_024,
  serverInterfaces: 64,
  keyNumbers: 16,
  /** Shorter keys prove nothing. */
  rsaBitsMin: 1_024,
  /** A peer chooses its key, we compute with it. */
  rsaBitsMax: 8_192,
  /** Group of a key exchange: hdllib asks for 1,024 bits by itself. */
  dhBitsMin: 1_024,
  dhBitsMax: 4_096,
  /** hdllib takes so much of a shared secret. */
  sessionKeyBytes: 32,
  nonceBytes: 256,
  /** RFC 3652 §2.1: a datagram with its envelope. */
  packetBytes: 512,
  /** Messages over UDP of which packets are missing, all peers together. */
  incompleteMessages: 1_024,
  incompleteBytes: 16 << 20,
  incompleteMs: 10_000,
  /** A peer chooses the iterations of its answer, we compute them. */
  pbkdf2Iterations: 100_000,
  pbkdf2KeyBits: 512,
  jwsBytes: 65_536,
} as const
