// The pages of explanation: each lint has one, its bad example gives the finding, its good one does not;
// the table of lints in valvec/README.md is the list of lints.
//
//     node pages.mjs --valvec PROGRAM --readme FILE

import { readFileSync } from 'node:fs';
import { runValvec, valvecArgument } from '../cases.mjs';

const SECTIONS = ['record', 'event', 'rpc', 'presence'];
const valvec = valvecArgument();
const readme = readFileSync(process.argv[process.argv.indexOf('--readme') + 1], 'utf8');
const problems = [];

process.env.EMPTY_ROLE = ''; // for the page of environment-empty


// Adds the sections and root paths that an example leaves out.
function complete(text) {
    for (const section of SECTIONS) {
        const start = new RegExp(`^${section}:\n((?: .*\n|\n)*)`, 'm').exec(text);
        if (!start) text += `${section}:\n  "*": {}\n`;
        else if (!/^ {2}"\*":/m.test(start[1])) text = text.replace(`${section}:\n`, `${section}:\n  "*": {}\n`);
    }
    return text;
}

function findings(id, example) {
    const run = runValvec(valvec, ['lint', '--json', '--enable', id, 'rules.yml'], { 'rules.yml': complete(example) });
    if (run.status !== 0 && run.status !== 1) problems.push(`${id}: an example is refused: ${run.stdout}${run.stderr}`);
    return JSON.parse(run.stdout).findings.map((finding) => finding.id);
}

function example(page, heading) {
    const found = new RegExp(`^## ${heading}\n\n\`\`\`yaml\n([^]*?)\`\`\``, 'm').exec(page);
    return found && found[1];
}

const lints = JSON.parse(runValvec(valvec, ['lint', '--list', '--json'], {}).stdout);
for (const { id } of lints) {
    const page = runValvec(valvec, ['lint', '--explain', id], {}).stdout;
    const bad = example(page, 'Bad'), good = example(page, 'Good');
    if (!page.startsWith(`# ${id}\n`)) problems.push(`${id}: the page starts with another title`);
    if (!bad || !good) {
        problems.push(`${id}: no examples`);
        continue;
    }
    if (!findings(id, bad).includes(id)) problems.push(`${id}: the bad example is not found`);
    if (findings(id, good).includes(id)) problems.push(`${id}: the good example is found`);
}

const row = ({ id, severity, byDefault, summary }) => `| \`${id}\` | ${severity}${byDefault ? '' : ', off'} | ${summary} |`;
const table = /^\| lint \|.*\n\|[-| ]+\n((?:\|.*\n)*)/m.exec(readme);
if (!table) problems.push('README.md: no table of lints');
else if (table[1] !== lints.map(row).join('\n') + '\n') problems.push(`README.md: the table of lints should be\n${lints.map(row).join('\n')}`);

for (const problem of problems) console.error(problem);
if (problems.length === 0) console.log(`${lints.length} pages, and the table, are right`);
process.exitCode = problems.length === 0 ? 0 : 1;
