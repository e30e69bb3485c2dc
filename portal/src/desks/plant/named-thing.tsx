import { Link } from '@tanstack/react-router'
import { pageOfTrace, shortName } from './trace-names.ts'

/** A thing by the name that the enterprise gave it, and its key. */
export function Named({ id, node }: { id: string; node: { name: string | null } | undefined }) {
  return (
    <>
      {node?.name && <>{node.name} </>}
      <Link to={pageOfTrace(id)}>
        <code className="hash">{shortName(id)}</code>
      </Link>
    </>
  )
}
