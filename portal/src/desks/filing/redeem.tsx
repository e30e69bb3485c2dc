import { getCase } from '@kapok/contracts/case'
import type { BodyOf, ReplyOf } from '@kapok/contracts/route'
import { createRedemption, getVoucher, updateRedemption } from '@kapok/contracts/subsidy'
import { useParams } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { useAsk, useCommand } from '../../api/hooks.ts'
import { useSession } from '../../app/platform.ts'
import { Money } from '../../components/figures.tsx'
import { Failure, Reply } from '../../components/waiting.tsx'
import type { CaseView } from '../case/case-page.tsx'
import { AcceptanceForm } from './acceptance-form.tsx'
import { Filing } from './flow.tsx'
import { InvoicesForm } from './invoices-form.tsx'
import { useKeptDraft } from './kept-draft.ts'
import { UseForm } from './use-form.tsx'

export type Redemption = BodyOf<typeof createRedemption>['redemption']
export type VoucherView = ReplyOf<typeof getVoucher>
export interface PartProps {
  draft: Partial<Redemption>
  keep(change: Partial<Redemption>): Promise<void>
  done(): void
}

/** 服务券兑现: the use, invoices and payments, acceptance and account, papers, submit. */
export function Redeem() {
  const { voucherNo = '' } = useParams({ strict: false })
  const voucher = useAsk(getVoucher, { params: { voucherNo } })
  const session = useSession()
  return (
    // Whose half-filled filing it is must be known before it is read from the browser.
    <Reply of={session}>
      {() => (
        <Reply of={voucher}>
          {(each) =>
            each.redemptionId ? (
              <Known voucher={each} caseId={each.redemptionId} />
            ) : (
              <Form voucher={each} view={undefined} />
            )
          }
        </Reply>
      )}
    </Reply>
  )
}

function Known({ voucher, caseId }: { voucher: VoucherView; caseId: string }) {
  const view = useAsk(getCase, { params: { caseId } })
  return <Reply of={view}>{(each) => <Form voucher={voucher} view={each} />}</Reply>
}

function factsOf(known: CaseView['redemption'] | undefined): Redemption | undefined {
  if (!known) return undefined
  const { voucherNo: _, ...facts } = known
  return facts
}

function isWhole(draft: Partial<Redemption>): draft is Redemption {
  return (
    draft.fromDay !== undefined &&
    draft.lines !== undefined &&
    draft.invoices !== undefined &&
    draft.payments !== undefined &&
    draft.acceptance !== undefined &&
    draft.bankAccount !== undefined
  )
}

function Form({ voucher, view }: { voucher: VoucherView; view: CaseView | undefined }) {
  const { t } = useTranslation()
  const session = useSession()
  const changes = ['subsidy.case.', 'subsidy.voucher.']
  const create = useCommand(createRedemption, changes)
  const update = useCommand(updateRedemption, changes)
  const {
    draft,
    change: setDraft,
    forget,
  } = useKeptDraft<Redemption>(`redeem.${voucher.no}`, factsOf(view?.redemption))
  const keep = async (change: Partial<Redemption>) => {
    const next = { ...draft, ...change }
    setDraft(next)
    if (!isWhole(next)) return
    if (view)
      await update.mutateAsync({
        params: { caseId: view.id },
        body: { redemption: next, expectedVersion: view.version },
      })
    else {
      await create.mutateAsync({ body: { voucherNo: voucher.no, redemption: next } })
      forget()
    }
  }
  const error = create.error ?? update.error
  const failure = error && <Failure error={error} />
  const sum = (draft.lines ?? []).reduce((total, line) => total + BigInt(line.amountFen), 0n)
  const parties = {
    buyer: session.data?.organisation?.uscc ?? '',
    seller: voucher.supplierUscc,
    holder: session.data?.organisation?.name ?? '',
  }
  return (
    <Filing
      title={t('filing.redeem')}
      lead={`${voucher.no} · ${voucher.supplierName}`}
      view={view}
      begun={draft.lines !== undefined || draft.invoices !== undefined || draft.acceptance !== undefined}
      failure={failure}
      sections={[
        {
          id: 'use',
          title: t('filing.use'),
          state: draft.fromDay === undefined ? 'empty' : 'filled',
          form: (done) => (
            <>
              <UseForm voucher={voucher} draft={draft} keep={keep} done={done} />
              {failure}
            </>
          ),
        },
        {
          id: 'invoices',
          title: t('filing.invoices'),
          state: draft.invoices === undefined ? 'empty' : 'filled',
          form: (done) => (
            <>
              <InvoicesForm parties={parties} draft={draft} keep={keep} done={done} />
              {failure}
            </>
          ),
        },
        {
          id: 'acceptance',
          title: t('filing.acceptance'),
          state: draft.acceptance === undefined ? 'empty' : 'filled',
          form: (done) => (
            <>
              <AcceptanceForm holder={parties.holder} draft={draft} keep={keep} done={done} />
              {failure}
            </>
          ),
        },
      ]}
      answers={[
        [t('voucher.no'), voucher.no],
        [t('voucher.face'), <Money fen={voucher.faceFen} key="f" />],
        [t('paper.period'), `${draft.fromDay ?? ''} — ${draft.toDay ?? ''}`],
        [t('nav.machines'), draft.deviceIds?.length],
        [
          t('filing.claimed'),
          <strong key="c">
            <Money fen={String(sum)} />
          </strong>,
        ],
        [t('paper.invoices'), draft.invoices?.map((each) => `${each.code ?? ''} ${each.number}`).join('、')],
        [t('paper.payments'), draft.payments?.map((each) => each.reference).join('、')],
        [t('paper.acceptance'), draft.acceptance && `${draft.acceptance.acceptedOn} · ${draft.acceptance.delivered}`],
        [
          t('paper.bank'),
          draft.bankAccount && `${draft.bankAccount.holder} · ${draft.bankAccount.bank} · ${draft.bankAccount.number}`,
        ],
        [t('paper.files'), view?.files.map((each) => each.name).join('、')],
      ]}
      next={[t('filing.redeemNext1'), t('filing.redeemNext2'), t('filing.redeemNext3')]}
    />
  )
}
