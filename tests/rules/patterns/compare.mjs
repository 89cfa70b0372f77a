// Compares path patterns with JavaScript's regular expressions, one path and one name at a time:
// whether a path is valid, whether it matches, and what its variables capture.
// usage: node compare.mjs --driver PROGRAM [--count N] [--seed N]

import { spawnSync } from 'node:child_process'
import { parseArgs } from 'node:util'
import { fixedCases } from './cases.mjs'

const { values: options } = parseArgs({
  options: {
    driver: { type: 'string' },
    count: { type: 'string', default: '20000' },
    seed: { type: 'string', default: '1' }
  }
})

// What an automaton cannot do, and what valve.md refuses before JavaScript would see it.
const ownErrors = [
  "path can't", 'invalid variable name', 'look-around is not', 'back references are not',
  "a variable can't stand", 'too many repetitions'
]

let state = BigInt(options.seed) * 0x9E3779B97F4A7C15n & 0xFFFFFFFFFFFFFFFFn
function randomBelow (bound) {
  state = (state * 6364136223846793005n + 1442695040888963407n) & 0xFFFFFFFFFFFFFFFFn
  return Number(state >> 33n) % bound
}

const pathPieces = [
  'a', 'b', '/', '$x', '$y', '*', '.', '-', 'ab', 'é', '😀', '(', ')', '(?:', '|', '[ab]', '[^a]', '[*]', ']', '{', '}',
  '{2}', '{0,2}', '{1,}', '+', '?', '+?', '\\d', '\\w', '\\.', '\\b', '\\B', '^', '(a|b)', '(a|$z)?', '($w|)', '(?<n>a)',
  '\\u00e9', '\\ud83d', '[😀]', '\\x61', '\\ca', '\\0', '[a-é]', '(a*|b)*'
]
const namePieces = ['a', 'b', '/', '-', 'ab', 'é', '😀', '\n', '\u2028', '1', '{', 'aa', 'a/', '.', ']', '}']

function randomText (pieces, common, most) {
  let text = ''
  for (let length = randomBelow(most + 1); length > 0; length--) {
    text += pieces[randomBelow(randomBelow(2) === 0 ? common : pieces.length)]
  }
  return text
}

// Every other name is made from the path, so that many match.
function randomCase () {
  const path = randomText(pathPieces, 9, 7)
  if (randomBelow(2) === 0) return [path, randomText(namePieces, 5, 8)]
  const pick = () => namePieces[randomBelow(namePieces.length)]
  return [path, path.replace(/\$\w+|\*/g, () => pick() + pick()).replace(/\(\?:|\\.|[.(|^]/g, pick).replace(/[)?+$]/g, '')]
}

// Two expressions: as the path is spelt out, for its validity; and with named variables, to capture.
function toRegExp (path) {
  const spelt = path.replace(/\*/g, '.*').replace(/\$[A-Za-z0-9]+/g, '([^/]+)')
  let count = 0
  const named = path.replace(/\*/g, '.*').replace(/\$[A-Za-z0-9]+/g, () => `(?<variable${count++}>[^/]+)`)
  RegExp(spelt)
  return { regexp: new RegExp(`^(?:${named})$`, 'd'), count }
}

// In the middle of a character its start, or with roundUp its end.
function byteOfUnit (name, unit, roundUp) {
  const split = unit > 0 && unit < name.length && name.codePointAt(unit - 1) > 0xFFFF
  return Buffer.byteLength(name.slice(0, split ? (roundUp ? unit + 1 : unit - 1) : unit))
}

function expected (path, name) {
  let made
  try {
    made = toRegExp(path)
  } catch {
    return 'error'
  }
  const match = made.regexp.exec(name)
  if (match === null) return 'no'
  const words = ['yes']
  for (let i = 0; i < made.count; i++) {
    const range = match.indices.groups[`variable${i}`]
    words.push(range === undefined ? '-' : `${byteOfUnit(name, range[0], false)}:${byteOfUnit(name, range[1], true)}`)
  }
  return words.join(' ')
}

function agree (path, name, answer) {
  if (answer.startsWith('error') && ownErrors.some(text => answer.startsWith(text, 6))) return true
  const wanted = expected(path, name)
  return wanted === 'error' ? answer.startsWith('error') : answer === wanted
}

const cases = [...fixedCases]
while (cases.length < Number(options.count)) cases.push(randomCase())

const hex = text => Buffer.from(text).toString('hex')
const input = cases.map(([path, name]) => `${hex(path)} ${hex(name)}\n`).join('')
const run = spawnSync(options.driver, { input, encoding: 'utf8', maxBuffer: 1 << 28 })
const answers = run.stdout.trimEnd().split('\n')
let differences = 0
cases.forEach(([path, name], i) => {
  if (agree(path, name, answers[i] ?? 'no answer')) return
  differences++
  console.log(`path ${JSON.stringify(path)} name ${JSON.stringify(name)}: ${answers[i]}, JavaScript: ${expected(path, name)}`)
})
const matched = answers.filter(answer => answer.startsWith('yes')).length
const refused = answers.filter(answer => answer.startsWith('error')).length
console.log(`${cases.length} cases, ${matched} matched, ${refused} paths refused, ${differences} differences`)
process.exitCode = run.status === 0 && differences === 0 && matched > cases.length / 20 ? 0 : 1
