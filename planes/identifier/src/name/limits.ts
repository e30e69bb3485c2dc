/** Every limit of the identifiers here. A longer text is refused before anything is made of it. */
export const nameLimits = {
  /** Characters of a URI, an element string or a URN. The longest Digital Link that the AIs can make is shorter. */
  textLength: 4_096,
  /** Elements of one element string or Digital Link. */
  elements: 64,
  /** Parameters of a query that are no AIs. */
  parameters: 64,
  /** CNRI's MAX_HANDLE_LENGTH, as UTF-8. */
  handleBytes: 2_048,
  /** Rec. ITU-T X.660 states none. */
  oidArcs: 128,
  /** An arc can be a UUID under 2.25: 39 digits. */
  oidArcDigits: 39,
  oidIriLabel: 256,
  didLength: 2_048,
  ecodeLength: 256,
  /** Bits of the longest tag encoding (TDS: ITIP-212, GIAI-202), to whole 16-bit words, with room. */
  epcBits: 512,
} as const
