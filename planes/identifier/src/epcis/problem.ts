/** The exceptions of EPCIS 2.0 (§8, OpenAPI file): HTTP status and title of each. */
const exceptions = {
  ValidationException: { status: 400, title: 'The EPCIS document or event is not valid' },
  QueryValidationException: { status: 400, title: 'The query is not valid' },
  QueryParameterException: { status: 400, title: 'A parameter of the query is not valid' },
  SubscriptionControlsException: { status: 400, title: 'The controls of the subscription are not valid' },
  SecurityException: { status: 403, title: 'Access to the resource is not allowed' },
  NoSuchNameException: { status: 404, title: 'No such name' },
  NoSuchResourceException: { status: 404, title: 'No such resource' },
  NotAcceptableException: { status: 406, title: 'The answer cannot be given in the form that was asked for' },
  ResourceAlreadyExistsException: { status: 409, title: 'The resource exists already' },
  CaptureLimitExceededException: { status: 413, title: 'The document is larger than the capture limit' },
  QueryTooLargeException: { status: 413, title: 'The query has too many results' },
  QueryTooComplexException: { status: 413, title: 'The query is too complex' },
  URITooLongException: { status: 414, title: 'The URI is too long' },
  UnsupportedMediaTypeException: { status: 415, title: 'The media type is not supported' },
  ImplementationException: { status: 500, title: 'The server could not do it' },
} as const

export type EpcisException = keyof typeof exceptions

/** One wrong place of a document: `path` as in `eventList[3].readPoint.id`, and what belongs there. */
export interface Misfit {
  path: string
  expected: string
}

/** Body of `application/problem+json` (RFC 7807). */
export interface ProblemBody {
  type: `epcisException:${EpcisException}`
  title: string
  status: number
  detail: string
  /** Wrong places, when the content of a document was refused. */
  errors?: readonly Misfit[]
}

/** What the EPCIS face refuses: an exception of the standard and a sentence that a person can act on. */
export class EpcisProblem extends Error {
  readonly exception: EpcisException
  readonly status: number
  readonly misfits: readonly Misfit[]

  constructor(exception: EpcisException, detail: string, more: { status?: number; misfits?: readonly Misfit[] } = {}) {
    super(detail)
    this.name = 'EpcisProblem'
    this.exception = exception
    this.status = more.status ?? exceptions[exception].status
    this.misfits = more.misfits ?? []
  }

  body(): ProblemBody {
    return {
      type: `epcisException:${this.exception}`,
      title: exceptions[this.exception].title,
      status: this.status,
      detail: this.message,
      ...(this.misfits.length > 0 ? { errors: this.misfits } : {}),
    }
  }
}

/** A document or event whose content is wrong; the sentence names the first place. */
export function invalid(misfits: readonly Misfit[]): EpcisProblem {
  const [first] = misfits
  const where = first === undefined ? '' : `${first.path}: ${first.expected} expected`
  const more = misfits.length > 1 ? ` (and ${misfits.length - 1} more)` : ''
  return new EpcisProblem('ValidationException', `${where}${more}`, { misfits })
}
