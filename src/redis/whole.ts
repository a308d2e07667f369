/** The connections of one process as one thing for the log: a line when Redis as a whole goes or comes, not one for each of them. */
import type { ConnectionEvent, ConnectionState } from './connection.ts'

/** The first that any of them is in is the state of the whole. */
const fromWorst: readonly ConnectionState[] = ['down', 'silent', 'ready', 'closed']

/** Each call gives a `report` for one connection more. */
export function reportWhole(report: (event: ConnectionEvent) => void): () => (event: ConnectionEvent) => void {
  const states = new Map<symbol, ConnectionState>()
  const nodes = new Map<string, ConnectionState>()
  let said: ConnectionState | undefined
  return () => {
    const connection = Symbol('connection')
    return (event) => {
      if (event.node !== undefined) {
        // Each connection notices that node by itself.
        if (nodes.get(event.node) === event.state) return
        nodes.set(event.node, event.state)
        return report(event)
      }
      states.set(connection, event.state)
      const all = [...states.values()]
      const whole = fromWorst.find((state) => all.includes(state)) as ConnectionState
      if (whole === said) return
      said = whole
      report({ ...event, state: whole })
    }
  }
}
