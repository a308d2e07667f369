import { EventEmitter } from 'node:events'
import type { Redis } from 'ioredis'
import t from 'tap'
import { Circuit } from '../../src/redis/circuit.ts'

/** A node whose answers to PING the test gives. */
function makeNode() {
  const questions: Array<{ answer(): void; refuse(error: Error): void }> = []
  const node = Object.assign(new EventEmitter(), {
    status: 'ready',
    ping: () => new Promise<void>((resolve, reject) => questions.push({ answer: resolve, refuse: reject })),
  })
  const states: string[] = []
  const circuit: Circuit = new Circuit(node as unknown as Redis, () => states.push(circuit.state))
  node.emit('ready')
  return { node, questions, circuit, states, turn: () => new Promise((resolve) => setImmediate(resolve)) }
}

const timeout = (): Error => new Error('Command timed out')

t.test('Circuit: opens at the first timeout, asks one question at a time, and closes at an answer', async (t) => {
  const { circuit, questions, states, turn } = makeNode()
  circuit.open(circuit.connects, 'Command timed out')
  circuit.open(circuit.connects, 'Command timed out')
  t.equal(circuit.state, 'silent')
  t.equal(circuit.cause, 'Command timed out')
  t.equal(questions.length, 1)
  questions[0]?.refuse(timeout())
  await turn()
  t.equal(questions.length, 2, 'asked again')
  t.equal(circuit.state, 'silent')
  questions[1]?.answer()
  await turn()
  t.same(states, ['ready', 'silent', 'ready'])
  t.equal(circuit.cause, undefined)
  t.equal(circuit.connects, 1)
})

t.test('Circuit: a refusal is an answer', async (t) => {
  const { circuit, questions, turn } = makeNode()
  circuit.open(circuit.connects, 'Command timed out')
  questions[0]?.refuse(Object.assign(new Error('NOPERM'), { name: 'ReplyError' }))
  await turn()
  t.equal(circuit.state, 'ready')
})

t.test('Circuit: a lost connection ends the questions; what an earlier one did says nothing of the next', async (t) => {
  const { node, circuit, questions, turn } = makeNode()
  const { connects } = circuit
  circuit.open(connects, 'Command timed out')
  node.emit('error', new Error('ECONNRESET'))
  node.emit('close')
  t.equal(circuit.state, 'down')
  t.equal(circuit.cause, 'ECONNRESET')
  node.emit('ready')
  t.equal(circuit.connects, connects + 1)
  questions[0]?.refuse(timeout())
  await turn()
  t.equal(circuit.state, 'ready')
  circuit.open(connects, 'Command timed out')
  t.equal(circuit.state, 'ready', 'a command of the connection before')
  t.equal(questions.length, 1)
})
