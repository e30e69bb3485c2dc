import { getCase } from '@kapok/contracts/case'
import type { BodyOf } from '@kapok/contracts/route'
import { createApplication, getProgramme, listProgrammes, updateApplication } from '@kapok/contracts/subsidy'
import { useNavigate, useParams } from '@tanstack/react-router'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useAsk, useCommand } from '../../api/hooks.ts'
import { useSession } from '../../app/platform.ts'
import { Money } from '../../components/figures.tsx'
import { Choose } from '../../components/form.tsx'
import { Page } from '../../components/page.tsx'
import { Empty, Failure, Reply } from '../../components/waiting.tsx'
import { useSentence } from '../../i18n/sentence.ts'
import type { CaseView } from '../case/case-page.tsx'
import { ContractForm } from './contract-form.tsx'
import { Filing } from './flow.tsx'
import { useKeptDraft } from './kept-draft.ts'
import { LinesForm } from './lines-form.tsx'
import { useSceneName } from './scene-name.ts'

export type Contract = BodyOf<typeof createApplication>['contract']

/** 服务券申领: the contract, its lines, the papers, submit. */
export function Apply() {
  const { caseId = '' } = useParams({ strict: false })
  const view = useAsk(getCase, { params: { caseId } }, { enabled: caseId !== 'new' })
  const session = useSession()
  return (
    // Whose half-filled filing it is must be known before it is read from the browser.
    <Reply of={session}>
      {() =>
        caseId === 'new' ? (
          <PickProgramme />
        ) : (
          <Reply of={view}>{(each) => <Form key={each.id} view={each} programmeId={each.programmeId ?? ''} />}</Reply>
        )
      }
    </Reply>
  )
}

/** Programmes that take applications now; one of them is taken at once. */
function PickProgramme() {
  const { t } = useTranslation()
  const say = useSentence()
  const programmes = useAsk(listProgrammes, { query: { size: 100 } })
  const [picked, setPicked] = useState('')
  return (
    <Reply of={programmes}>
      {({ rows }) => {
        const open = rows.filter((each) => each.applyOpen)
        const programmeId = open.length === 1 ? open[0]?.id : picked
        if (open.length === 0)
          return (
            <Page title={t('filing.apply')}>
              <Empty title={t('filing.noneOpen')} />
            </Page>
          )
        if (programmeId) return <Form view={undefined} programmeId={programmeId} />
        return (
          <Page title={t('filing.apply')}>
            <Choose
              id="programme"
              label={t('programme.title')}
              value={picked}
              onValue={setPicked}
              none={t('form.pick')}
              options={open.map((each) => ({ value: each.id, text: say(each.title) }))}
            />
          </Page>
        )
      }}
    </Reply>
  )
}

function Form({ view, programmeId }: { view: CaseView | undefined; programmeId: string }) {
  const { t } = useTranslation()
  const say = useSentence()
  const navigate = useNavigate()
  const programme = useAsk(getProgramme, { params: { programmeId } })
  const sceneName = useSceneName(programmeId)
  const changes = ['subsidy.case.']
  const create = useCommand(createApplication, changes)
  const update = useCommand(updateApplication, changes)
  const known = view?.contract
  const {
    draft,
    change: setDraft,
    forget,
  } = useKeptDraft<Contract>(
    `apply.${programmeId}`,
    known
      ? {
          no: known.no,
          signedOn: known.signedOn,
          supplierUscc: known.supplierUscc,
          lines: known.lines,
          machines: known.machines,
        }
      : undefined,
  )
  const basics =
    draft.no !== undefined &&
    draft.signedOn !== undefined &&
    draft.supplierUscc !== undefined &&
    draft.machines !== undefined
  const lines = (draft.lines?.length ?? 0) > 0
  // The draft is kept on the platform as soon as both parts of the contract are there.
  const keep = async (change: Partial<Contract>) => {
    const next = { ...draft, ...change }
    setDraft(next)
    const { no, signedOn, supplierUscc, machines, lines: all } = next
    if (
      no === undefined ||
      signedOn === undefined ||
      supplierUscc === undefined ||
      machines === undefined ||
      !all?.length
    )
      return
    const contract: Contract = { no, signedOn, supplierUscc, machines, lines: all }
    if (view)
      await update.mutateAsync({ params: { caseId: view.id }, body: { contract, expectedVersion: view.version } })
    else {
      const made = await create.mutateAsync({ body: { programmeId, contract } })
      forget()
      await navigate({ to: `/plant/apply/${made.id}`, replace: true })
    }
  }
  const error = create.error ?? update.error
  return (
    <Filing
      title={t('filing.apply')}
      lead={programme.data ? say(programme.data.title) : ''}
      view={view}
      begun={basics || lines}
      failure={error && <Failure error={error} />}
      sections={[
        {
          id: 'contract',
          title: t('filing.contract'),
          state: basics ? 'filled' : 'empty',
          form: (done) => (
            <>
              <ContractForm draft={draft} keep={keep} done={done} />
              {error && <Failure error={error} />}
            </>
          ),
        },
        {
          id: 'lines',
          title: t('filing.lines'),
          state: lines ? 'filled' : 'empty',
          form: (done) => (
            <Reply of={programme}>
              {(rules) => (
                <>
                  <LinesForm standards={rules.standards} lines={draft.lines ?? []} keep={keep} done={done} />
                  {error && <Failure error={error} />}
                </>
              )}
            </Reply>
          ),
        },
      ]}
      answers={[
        [t('paper.contractNo'), draft.no],
        [t('facts.signedOn'), draft.signedOn],
        [t('case.supplier'), known ? `${known.supplierName} · ${known.supplierUscc}` : draft.supplierUscc],
        [t('paper.machines'), draft.machines],
        ...(draft.lines ?? []).map((line, index): [string, React.ReactNode] => [
          `${t('paper.lines')} ${index + 1}`,
          <span key={line.product} className="row-between">
            <span>{`${sceneName(line.scene)} · ${t(`paper.fee.${line.feeKind}`)} · ${line.product}`}</span>
            <Money fen={line.amountFen} />
          </span>,
        ]),
        [
          t('facts.amount'),
          <strong key="sum">
            <Money fen={String((draft.lines ?? []).reduce((sum, line) => sum + BigInt(line.amountFen), 0n))} />
          </strong>,
        ],
        [t('paper.files'), view?.files.map((each) => each.name).join('、')],
      ]}
      next={[t('filing.applyNext1'), t('filing.applyNext2'), t('filing.applyNext3')]}
    />
  )
}
