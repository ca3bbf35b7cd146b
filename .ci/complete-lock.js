// Completes package-lock.json after an `npm install` from a registry that holds only this platform's binaries:
// npm leaves the other platforms' optional packages out, and `npm ci` then refuses the lock as out of step.
// Entries made here carry no checksum; an install from a full registry fills them in.
import { readFileSync, writeFileSync } from 'node:fs';

const file = new URL('../package-lock.json', import.meta.url);
const lock = JSON.parse(readFileSync(file, 'utf8'));
const systems = /(?:^|[-/])(android|darwin|linux|win32|freebsd|openbsd|netbsd|sunos|aix|openharmony)(?=-|$)/;
const processors = /-(arm64|x64|ia32|ppc64|riscv64|s390x|loong64|mips64el|wasm32|arm)(?=-|$)/;

/** @param {string} name such as "@esbuild/linux-x64" or "@x/binding-linux-arm-musleabihf" */
function platformOf(name) {
  const cpu = processors.exec(name)?.[1] ?? /(arm64|x64|ia32)$/.exec(name)?.[1];
  const os = systems.exec(name)?.[1] ?? (cpu === 'wasm32' ? undefined : 'none');
  const libc = /musl/.test(name) ? 'musl' : /-gnu/.test(name) ? 'glibc' : undefined;
  return {
    ...(os && { os: [os] }),
    ...(cpu && { cpu: [cpu] }),
    ...(os === 'linux' && libc && { libc: [libc] }),
  };
}

for (const [path, entry] of Object.entries({ ...lock.packages })) {
  // Beside the package that asks for it: two versions of one package have two sets of binaries.
  const folder = path.slice(0, path.lastIndexOf('node_modules/'));
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    const place = `${folder}node_modules/${name}`;
    if (lock.packages[place] !== undefined || !/^\d+\.\d+\.\d+/.test(version)) continue;
    lock.packages[place] = {
      version,
      ...platformOf(name),
      ...(entry.dev && { dev: true }),
      optional: true,
    };
    console.log(`${name}@${version} ${JSON.stringify(platformOf(name))}`);
  }
}
lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1)));
writeFileSync(file, `${JSON.stringify(lock, undefined, 2)}\n`);
