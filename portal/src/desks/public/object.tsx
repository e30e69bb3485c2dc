import { createObjection } from '@kapok/contracts/subsidy'
import { useParams } from '@tanstack/react-router'
import { Button } from 'antd'
import { type FormEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useCommand } from '../../api/hooks.ts'
import { Confirmation } from '../../components/confirmation.tsx'
import { ErrorSummary, TextArea, TextField, type Wrongs } from '../../components/form.tsx'
import { Page } from '../../components/page.tsx'
import { Failure } from '../../components/waiting.tsx'

export function ObjectToNotice() {
  const { t } = useTranslation()
  const { noticeId = '' } = useParams({ strict: false })
  const object = useCommand(createObjection, ['subsidy.notice.list'])
  const [form, setForm] = useState({ objector: '', contact: '', reason: '' })
  const [wrongs, setWrongs] = useState<Wrongs>({})
  const [round, setRound] = useState(0)
  const submit = (event: FormEvent) => {
    event.preventDefault()
    const found: Wrongs = {}
    if (form.objector.trim() === '') found.objector = t('form.needed', { what: t('notice.objector') })
    if (form.contact.trim() === '') found.contact = t('form.needed', { what: t('notice.contact') })
    if (form.reason.trim().length < 10) found.reason = t('notice.reasonShort')
    setWrongs(found)
    setRound(round + 1)
    if (Object.keys(found).length === 0) object.mutate({ params: { noticeId }, body: form })
  }
  if (object.data)
    return (
      <Confirmation
        title={t('notice.received')}
        reference={object.data.id}
        next={[t('notice.next1'), t('notice.next2')]}
      />
    )
  return (
    <Page
      title={t('notice.object')}
      lead={t('notice.objectLead')}
      crumbs={[{ text: t('nav.notices'), to: '/notices' }, { text: t('notice.object') }]}
    >
      <form className="form" onSubmit={submit} noValidate>
        <ErrorSummary wrongs={wrongs} round={round} />
        <TextField
          id="objector"
          label={t('notice.objector')}
          autoComplete="name"
          wrong={wrongs.objector}
          value={form.objector}
          onValue={(objector) => setForm({ ...form, objector })}
        />
        <TextField
          id="contact"
          label={t('notice.contact')}
          hint={t('notice.contactHint')}
          wrong={wrongs.contact}
          value={form.contact}
          onValue={(contact) => setForm({ ...form, contact })}
        />
        <TextArea
          id="reason"
          label={t('notice.reason')}
          hint={t('notice.reasonHint')}
          limit={2000}
          wrong={wrongs.reason}
          value={form.reason}
          onValue={(reason) => setForm({ ...form, reason })}
        />
        <div>
          <Button type="primary" size="large" htmlType="submit" loading={object.isPending}>
            {t('notice.submit')}
          </Button>
        </div>
        {object.isError && <Failure error={object.error} />}
      </form>
    </Page>
  )
}
