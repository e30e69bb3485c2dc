import type { RegistryNode } from '@kapok/contracts/registry-nodes'
import { useTranslation } from 'react-i18next'
import { countText } from '../../api/format.ts'
import { Copy } from '../../components/figures.tsx'

/**
 * How a mirror takes over from a node that is silent, who decides it, and what it does. The platform has no right to it (its user
 * administers the prefix, not the one above), so it says the command and offers no button.
 */
export function TakeoverAdvice({ of: { prefixes, url, details } }: { of: RegistryNode }) {
  const { t } = useTranslation()
  const [prefix = ''] = prefixes
  const mirrors = details?.mirrors ?? []
  const user = mirrors.length === 1 ? mirrors[0]?.user : `300:${prefix}/mirror`
  const named = prefixes.map((each) => `--prefix ${each}`).join(' ')
  const command = `kapok run resolver --role mirror ${named} --of ${url} --user ${user} --verifier … --root … --address … --home … --take-over`
  const behind = Math.max(0, ...mirrors.map((mirror) => mirror.behind))
  return (
    <section aria-label={t('nodes.takeover.title', { prefix })} className="stack">
      <h3>{t('nodes.takeover.title', { prefix })}</h3>
      <p>{t('nodes.takeover.who')}</p>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by the keyboard */}
      <pre className="command" tabIndex={0}>
        {command}
      </pre>
      <div>
        <Copy text={command} />
      </div>
      <h4 className="tight">{t('nodes.takeover.effects')}</h4>
      <ul className="tight">
        <li>{t('nodes.takeover.changes', { prefix })}</li>
        <li>
          {t('nodes.takeover.missing')}{' '}
          {mirrors.length > 0 && t('nodes.takeover.missingLast', { n: countText(behind) })}
        </li>
        <li>{t('nodes.takeover.old')}</li>
        <li>{t('nodes.takeover.back')}</li>
        <li>{t('nodes.takeover.prefix')}</li>
      </ul>
    </section>
  )
}
