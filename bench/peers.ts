/**
 * What Springhouse is compared with, in the same run on the same machine: a bare node:http server that answers the same bytes, and
 * nginx with `proxy_cache` in front of the same origin, where it is installed.
 */
import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePort, startChild, untilListening, untilReady } from './child.ts'

/** A server under load. */
export interface Peer {
  readonly url: string
  readonly pid: number
  stop(): Promise<void>
}

export async function startBare(folder: string, body: Uint8Array): Promise<Peer> {
  const bodyFile = join(folder, 'body.json')
  writeFileSync(bodyFile, body)
  const child = startChild(process.execPath, [join(import.meta.dirname, 'bare.ts'), bodyFile], { log: join(folder, 'bare.log') })
  const { address } = await untilListening(child)
  return { url: String(address), pid: child.pid, stop: child.stop }
}

/** Whether a program is on the PATH and runs. */
export function isInstalled(program: string): boolean {
  try {
    execFileSync(program, ['-v'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

export async function startNginx(folder: string, origin: string): Promise<Peer> {
  const home = join(folder, 'nginx')
  mkdirSync(home)
  // Started as root, nginx gives its workers another user, who must get through to the cache.
  chmodSync(folder, 0o755)
  const port = await freePort()
  const config = join(home, 'nginx.conf')
  writeFileSync(config, nginxConfig(home, port, origin))
  const child = startChild('nginx', ['-p', home, '-c', config, '-e', join(home, 'error.log')], { log: join(home, 'output.log') })
  const url = `http://127.0.0.1:${port}`
  await untilReady(child, () =>
    fetch(`${url}/health`).then(
      (response) => response.ok || undefined,
      () => undefined,
    ),
  )
  return { url, pid: child.pid, stop: child.stop }
}

/** One worker as Springhouse has one process, no access log, and no `sendfile`, which with `tcp_nopush` stalls on loopback. */
export function nginxConfig(home: string, port: number, origin: string): string {
  return `
daemon off;
pid ${home}/nginx.pid;
worker_processes 1;
events { worker_connections 4096; }
http {
  access_log off;
  client_body_temp_path ${home}/body;
  proxy_temp_path ${home}/proxy;
  fastcgi_temp_path ${home}/fastcgi;
  uwsgi_temp_path ${home}/uwsgi;
  scgi_temp_path ${home}/scgi;
  proxy_cache_path ${home}/cache levels=1:2 keys_zone=bench:16m max_size=256m;
  keepalive_requests 1000000000;
  upstream origin { server ${new URL(origin).host}; keepalive 64; }
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://origin;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_cache bench;
      proxy_cache_valid 200 10m;
      proxy_cache_lock on;
      add_header Cache-Status "nginx; detail=$upstream_cache_status";
    }
  }
}
`
}
