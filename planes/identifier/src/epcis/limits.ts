/** Every limit of the EPCIS face. What goes beyond is refused with the standard's own error. */
export const epcisLimits = {
  /** GS1-EPCIS-Capture-Limit. */
  captureEvents: 5_000,
  /** GS1-EPCIS-Capture-File-Size-Limit: bytes of a document. */
  captureBytes: 32 << 20,
  /** JSON members and elements that lie within each other. */
  documentDepth: 40,
  /** Bytes of one event as JSON. */
  eventBytes: 1 << 20,
  /** EPCs, quantities, transactions … of one list; parties, dispositions and sensor reports too. */
  listItems: 10_000,
  /** Characters of a URI or an EPC. */
  uriCharacters: 2_048,
  namespaces: 64,
  /** Wrong places that are told of one document. */
  problemsTold: 20,
  /** Capture jobs that can still be asked for; the oldest are forgotten. */
  captureJobs: 100_000,
  /** OpenAPI file of EPCIS 2.0: a longer address is answered by 414. */
  uriLength: 8_192,
  queryBytes: 65_536,
  queryParameters: 100,
  /** Values of one parameter. */
  queryValues: 1_000,
  /** Values of a resource that are looked at for one page, of which the asker may see few. */
  listLooks: 2_000,
  perPage: 30,
  perPageMax: 1_000,
  /** Of the events of one page: a page ends when it has so many, also before `perPage`. */
  pageBytes: 8 << 20,
  /** Events that are checked or hashed before others get their turn. */
  eventsATurn: 250,
  /** Index entries that one query may walk: with more it is QueryTooComplex. */
  queryEntries: 200_000,
  /** Events that one query may read from the disk. */
  queryEvents: 50_000,
  /** Events that may be sorted in memory for an orderBy that no index has. */
  querySorted: 50_000,
  pageTokens: 10_000,
  pageTokenMs: 10 * 60_000,
  namedQueries: 1_000,
  queryNameCharacters: 255,
  subscriptions: 1_000,
  /** Events of one message to a subscriber. */
  subscriptionEvents: 1_000,
  traceDepth: 20,
  traceDepthDefault: 8,
  /** Events of one thing, and of all things together. */
  traceEvents: 5_000,
  traceReads: 20_000,
  traceNodes: 10_000,
  traceEdges: 50_000,
  /** Looks at a thing for another part of its time. */
  traceVisits: 50_000,
} as const
