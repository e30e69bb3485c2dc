/** Every limit of signatures over records and delegations. */
export const trustLimits = {
  /** Certificates between the trusted root and a record. */
  chain: 8,
  /** Certificates of one prefix, and signatures of one record, that are looked at. */
  certificatesOfPrefix: 4,
  signaturesOfRecord: 4,
  /** Values that one signature lists; a record with more public ones is left without. */
  signedValues: 500,
  /** Clocks of nodes may differ so much. */
  clockSkewSeconds: 300,
  /** Ten years: what a part's record says is to hold as long as parts are asked for. */
  signatureSeconds: 10 * 31_536_000,
  certificateSeconds: 2 * 31_536_000,
  /** A node looks so often which certificates to renew, so many records at a time. */
  renewalMs: 86_400_000,
  renewalPage: 1_000,
  /** Signatures that were found to hold, by their text; the longest unused gives way. */
  signaturesKnown: 10_000,
  /** Answers that are being certified; who asks beyond them is told that the server is busy. */
  certifiedWaiting: 256,
  /** A batch is signed in pieces of so long; between them others have their turn. */
  signingMs: 20,
} as const
