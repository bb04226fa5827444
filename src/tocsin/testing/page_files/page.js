// Draw what a fake platform took, as people would see it there. What strangers sent becomes text
// nodes and never markup.

import { drawPart } from './parts.js'

const POLL_MS = 800
const drawn = new Map()
let revision = ''
let configured = ''

const at = (id) => document.getElementById(id)

function make(tag, className, ...children) {
  const element = document.createElement(tag)
  if (className) element.className = className
  element.append(...children.filter((one) => one !== null && one !== undefined))
  return element
}

function time(instant) {
  const date = new Date(instant)
  const element = make('time', '', date.toLocaleTimeString([], { hour12: false }))
  element.dateTime = instant
  element.title = date.toLocaleString()
  return element
}

function asSent(raw) {
  const details = make('details', 'raw', make('summary', '', 'As it was sent'))
  details.append(make('pre', '', JSON.stringify(raw, null, 2) ?? ''))
  return details
}

function note(message) {
  const said = []
  if (message.edits) said.push(`edited ${message.edits}×`)
  if (message.recipients.length) said.push(`to ${message.recipients.join(', ')}`)
  if (message.mentions.length) said.push(`calls ${message.mentions.join(', ')}`)
  return said.length ? make('span', 'note', said.join(' · ')) : null
}

// A mail has its text and its images once more within its page.
function bodyOf(parts) {
  const draw = (part) => drawPart(make, part)
  const frame = parts.find((part) => part.part === 'frame')
  if (!frame) return parts.map(draw)
  const texts = parts.filter((part) => part.part === 'words').map(draw)
  const plain = make('details', 'raw', make('summary', '', 'As plain text'), ...texts)
  return texts.length ? [draw(frame), plain] : [draw(frame)]
}

function message(one) {
  const title = one.title ? make('h3', 'title', one.title) : null
  const body = make('div', 'body', ...bodyOf(one.parts))
  const card = make('div', 'card', title, body)
  if (/^#[0-9a-f]{6}$/.test(one.colour)) card.style.setProperty('--tone', one.colour)
  else if (one.colour) card.dataset.colour = one.colour
  const head = make('div', 'head', make('b', '', 'Tocsin'), make('span', 'tag', 'bot'))
  head.append(time(one.at), make('span', 'kind', one.kind), note(one) ?? '')
  const avatar = make('span', 'avatar')
  avatar.setAttribute('aria-hidden', 'true')
  const article = make('article', 'message', avatar, make('div', 'said', head, card, asSent(one.raw)))
  return article
}

// Only what is new or was edited is drawn, so that what somebody opened stays open.
function drawMessages(all) {
  const chat = at('chat')
  const ids = new Set(all.map((one) => one.id))
  for (const [id, old] of drawn) {
    if (ids.has(id)) continue
    old.element.remove()
    drawn.delete(id)
  }
  const elements = all.map((one) => {
    const text = JSON.stringify(one)
    const before = drawn.get(one.id)
    if (before?.text === text) return before.element
    const element = message(one)
    before?.element.remove()
    drawn.set(one.id, { text, element })
    return element
  })
  elements.forEach((element, place) => {
    if (chat.children[place] !== element) chat.insertBefore(element, chat.children[place] ?? null)
  })
  if (!all.length && !chat.children.length) chat.append(make('p', 'nothing', 'Nothing came yet.'))
  else if (all.length) chat.querySelector(':scope > .nothing')?.remove()
}

function call(one) {
  const good = one.status < 300 && !one.is_refused
  const chip = make('span', `chip ${good ? 'good' : 'bad'}`, String(one.status))
  const summary = make('summary', '', chip, make('code', '', `${one.method} ${one.path}`), time(one.at))
  const answer = one.answer || '(empty)'
  return make('li', '', make('details', '', summary, make('pre', '', answer)))
}

function drawSide(told) {
  at('calls').replaceChildren(...told.calls.slice(0, 50).map(call))
  at('no-calls').hidden = told.calls.length > 0
  at('lost-panel').hidden = told.lost.length === 0
  at('lost').replaceChildren(
    ...told.lost.slice(0, 20).map((one) => make('li', '', time(one.at), ' ', one.why)),
  )
  const configs = JSON.stringify(told.configs)
  if (configs === configured) return
  configured = configs
  at('configs').replaceChildren(
    ...Object.entries(told.configs).flatMap(([name, value]) => [
      make('h2', '', name),
      make('pre', '', JSON.stringify(value, null, 2)),
    ]),
  )
}

async function look() {
  const answer = await fetch(`taken?revision=${revision}`)
  if (answer.status === 200) {
    const told = await answer.json()
    revision = told.revision
    drawMessages(told.taken)
    drawSide(told)
    const count = told.taken.length
    at('count').textContent = count === 1 ? '1 message' : `${count} messages`
  }
}

async function follow() {
  for (;;) {
    try {
      await look()
      document.documentElement.dataset.link = 'good'
    } catch {
      document.documentElement.dataset.link = 'bad'
      at('count').textContent = 'not running any more'
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS))
  }
}

if (matchMedia('(max-width: 900px)').matches) at('setting').open = false
follow()
