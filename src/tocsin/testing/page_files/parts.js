// The parts of a message: texts, cells side by side, buttons, images, frames and lines.

const TAGS = { heading: 'h4', item: 'li', quote: 'blockquote', code: 'pre' }

function link(make, text, href) {
  const element = make('a', '', text)
  element.href = href
  element.rel = 'noreferrer noopener'
  element.target = '_blank'
  return element
}

function span(make, one) {
  let element = one.href ? link(make, one.text, one.href) : document.createTextNode(one.text)
  if (one.look.includes('code')) element = make('code', '', element)
  if (one.look.includes('italic')) element = make('em', '', element)
  if (one.look.includes('bold')) element = make('strong', '', element)
  return element
}

function blocks(make, all) {
  const found = []
  for (const block of all) {
    const element = make(TAGS[block.kind] ?? 'p', '', ...block.spans.map((one) => span(make, one)))
    const last = found[found.length - 1]
    if (block.kind !== 'item') found.push(element)
    else if (last?.tagName === 'UL') last.append(element)
    else found.push(make('ul', '', element))
  }
  return found
}

function button(make, one) {
  if (one.href) {
    const element = link(make, one.text, one.href)
    element.className = 'button'
    return element
  }
  return make('span', 'button', one.text)
}

function image(make, part) {
  if (!part.src) {
    const where = part.url ? ` at ${part.url}` : ''
    return make('p', 'away', `Image${where}${part.alt ? `: ${part.alt}` : ''}`)
  }
  const element = make('img', '')
  element.src = part.src
  element.alt = part.alt
  return make('figure', '', element)
}

function frame(make, part) {
  const element = make('iframe', '')
  element.src = part.src
  element.title = 'The mail as its writer laid it out'
  element.setAttribute('sandbox', '')
  return element
}

export function drawPart(make, part) {
  switch (part.part) {
    case 'words':
      return make('div', part.is_small ? 'words small' : 'words', ...blocks(make, part.blocks))
    case 'cells':
      return make('div', 'cells', ...part.cells.map((one) => make('div', '', ...blocks(make, one))))
    case 'buttons':
      return make('div', 'buttons', ...part.links.map((one) => button(make, one)))
    case 'image':
      return image(make, part)
    case 'frame':
      return frame(make, part)
    default:
      return make('hr', '')
  }
}
