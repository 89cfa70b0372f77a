// Walks every #include "..." of the sources and fails on an arrow that the layout does not allow.
//
//     node tests/house/include_arrows.mjs [ROOT]

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';

const root = process.argv[2] ?? '.';

// Who may include whom. A folder may always include itself; the longest prefix names the room.
const ARROWS = {
    'runtime/base': [],
    'runtime/regex': ['runtime/base', 'runtime'],
    'runtime/pattern': ['runtime/base', 'runtime/regex'], // paths are JavaScript's expressions, read by its parser
    'runtime': ['runtime/base', 'runtime/regex', 'runtime/pattern'],
    'grammar': ['runtime/base'],
    'valvec/document': ['runtime/base', 'runtime', 'grammar'],
    'valvec/terminal': ['runtime/base', 'valvec/document'],
    'valvec': ['valvec/document', 'valvec/terminal', 'runtime/base', 'runtime', 'runtime/regex', 'runtime/pattern', 'grammar'],
    'server/include': [],
    'server/logging': ['runtime/base', 'server/include'],
    'server/message': ['runtime/base', 'runtime'],
    'server/metrics': ['runtime/base', 'server/include', 'server/message'],
    'server/transport': ['runtime/base', 'server/include', 'server/logging', 'server/message'],
    'server/session': ['runtime/base', 'runtime', 'server/include', 'server/logging', 'server/message', 'server/metrics', 'server/transport'],
    'server/pipeline': ['runtime/base', 'server/include', 'server/logging', 'server/message', 'server/metrics', 'server/transport', 'server/session'],
    'server/handlers': ['runtime/base', 'runtime', 'runtime/regex', 'server/include', 'server/logging', 'server/message', 'server/metrics', 'server/transport', 'server/session', 'server/pipeline'],
    'server/web': ['runtime/base'],
    'server/plugins': ['runtime/base', 'runtime', 'server/include'],
    'server/plugins/authentication': ['runtime/base', 'runtime', 'server/include', 'server/web', 'server/plugins'],
    'server/plugins/permission': ['runtime/base', 'runtime', 'grammar', 'valvec', 'server/include', 'server/plugins'],
    'server/connectors/shared': ['runtime/base', 'server/include'],
    'server/connectors/redis': ['runtime/base', 'server/include', 'server/connectors/shared'],
    'server/connectors': ['runtime/base', 'server/include', 'server/web', 'server/connectors/shared', 'server/connectors/redis'],
    'server/node': ['runtime/base', 'runtime', 'grammar', 'valvec/document', 'server/include', 'server/logging', 'server/message', 'server/metrics', 'server/transport', 'server/session', 'server/pipeline', 'server/handlers', 'server/plugins'],
    'server': ['runtime/base', 'runtime', 'valvec/terminal', 'valvec/document', 'server/include', 'server/plugins/authentication', 'server/logging', 'server/node', 'server/plugins'],
    'tests': ['server/include', 'server/web', 'server/logging', 'server/message', 'server/metrics', 'server/transport', 'server/session', 'server/pipeline', 'server/handlers', 'server/plugins', 'server/plugins/authentication', 'server/plugins/permission', 'server/node', 'server/connectors', 'server/connectors/shared', 'server/connectors/redis', 'runtime/base', 'runtime', 'runtime/regex', 'runtime/pattern', 'grammar', 'valvec', 'valvec/document', 'valvec/terminal'],
};

// The operator list names the instruction of each operator; it is data for the compiler, not a use.
const SEARCH_FOLDERS = ['', 'runtime', 'grammar', 'valvec', 'server', 'server/include', 'server/connectors', 'tests', 'tests/support'];
const SOURCE = /\.(c|h|def|re|y)$/;
const GENERATED = new Set(['valve.tab.h', 'valve_parser.h', 'valve_lexer.h']);

function* sourceFiles(folder) {
    for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
        const path = join(folder, entry.name);
        if (entry.isDirectory()) {
            if (!['build', 'node_modules', 'corpus'].includes(entry.name)) yield* sourceFiles(path);
        } else if (SOURCE.test(entry.name)) {
            yield path;
        }
    }
}

const rooms = Object.keys(ARROWS).sort((a, b) => b.length - a.length);
const roomOf = (path) => rooms.find((room) => path === room || path.startsWith(`${room}/`));

function targetOf(file, name) {
    const candidates = [join(dirname(file), name), ...SEARCH_FOLDERS.map((folder) => join(folder, name))];
    const found = candidates.map(normalize).find((path) => existsSync(join(root, path)));
    return found && relative('.', found);
}

const problems = [];
let arrows = 0;
for (const room of ['runtime', 'grammar', 'valvec', 'server', 'tests'])
    for (const file of sourceFiles(room))
        for (const [index, line] of readFileSync(join(root, file), 'utf8').split('\n').entries()) {
            const include = /^\s*#\s*include\s+"([^"]+)"/.exec(line);
            if (!include || GENERATED.has(include[1].split('/').at(-1))) continue;
            const target = targetOf(file, include[1]);
            const from = roomOf(file), to = target && roomOf(target);
            arrows++;
            if (!target)
                problems.push(`${file}:${index + 1}: "${include[1]}" is nowhere in the tree`);
            else if (from !== to && !ARROWS[from].includes(to))
                problems.push(`${file}:${index + 1}: ${from} must not include ${to} ("${include[1]}")`);
        }

if (arrows === 0) problems.push('no #include was found: is this the root of the project?');
for (const problem of problems) console.error(problem);
if (problems.length === 0) console.log(`${arrows} includes, all allowed`);
process.exitCode = problems.length === 0 ? 0 : 1;
