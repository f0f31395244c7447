// What others make of our files, as JSON lines.
//   node check.mjs gguf FILE…  |  node check.mjs tokenize FOLDER TEXTS.json  |  node check.mjs rows FILE…
//   node check.mjs bom FILE…  |  node check.mjs jsonld FILE…
import fs from "node:fs";

const [what, ...paths] = process.argv.slice(2);
const plain = (_, x) => (typeof x === "bigint" ? x.toString() : typeof x === "number" && !Number.isFinite(x) ? String(x) : ArrayBuffer.isView(x) ? [...x] : x);
const say = (value) => console.log(JSON.stringify(value, plain));

if (what === "gguf") {
  const { gguf, GGMLQuantizationType } = await import("@huggingface/gguf");
  for (const path of paths) {
    const { metadata, tensorInfos } = await gguf(path, { allowLocalFile: true });
    say({ path, architecture: metadata["general.architecture"], tokens: metadata["tokenizer.ggml.tokens"]?.length, tensors: tensorInfos.map((tensor) => `${tensor.name} ${GGMLQuantizationType[tensor.dtype]} ${tensor.shape.join("x")}`) });
  }
} else if (what === "rows") {
  // Each file by every reader that takes it: { path, reader, rows }.
  const { DuckDBInstance } = await import("@duckdb/node-api");
  const { asyncBufferFromFile, parquetReadObjects } = await import("hyparquet");
  const { compressors } = await import("hyparquet-compressors");
  const duck = await (await DuckDBInstance.create(":memory:", { threads: "1" })).connect();
  const from = (path) =>
    path.endsWith(".parquet") ? `read_parquet('${path}')`
    : path.endsWith(".csv") ? `read_csv('${path}', header = true, all_varchar = true, delim = ',', quote = '"', escape = '"', allow_quoted_nulls = false, max_line_size = 16000000)`
    : `read_ndjson('${path}', sample_size = -1)`;
  for (const path of paths) {
    const rows = await (await duck.runAndReadAll(`SELECT * FROM ${from(path)}`)).getRowObjectsJson();
    say({ path, reader: "duckdb", rows });
    if (path.endsWith(".parquet")) {
      say({ path, reader: "hyparquet", rows: await parquetReadObjects({ file: await asyncBufferFromFile(path), compressors }) });
    } else if (path.endsWith(".jsonl")) {
      say({ path, reader: "JSON.parse", rows: fs.readFileSync(path, "utf8").trimEnd().split("\n").map((line) => JSON.parse(line)) });
    }
  }
} else if (what === "bom") {
  // By CycloneDX's own library and schemas: { path, error }, null where it is valid.
  const { Spec, Validation } = await import("@cyclonedx/cyclonedx-library");
  const validator = new Validation.JsonStrictValidator(Spec.Version.v1dot6);
  for (const path of paths) {
    say({ path, error: (await validator.validate(fs.readFileSync(path, "utf8"))) ?? null });
  }
} else if (what === "jsonld") {
  // Each file with all names written out. Safe: what would be left out is an error; and nothing is loaded.
  const { default: jsonld } = await import("jsonld");
  const documentLoader = (url) => { throw new Error(`${url} would have to be loaded`); };
  for (const path of paths) {
    say({ path, nodes: await jsonld.expand(JSON.parse(fs.readFileSync(path, "utf8")), { base: "file:///", documentLoader, safe: true }) });
  }
} else {
  const { Tokenizer } = await import("@huggingface/tokenizers");
  const read = (name) => JSON.parse(fs.readFileSync(`${paths[0]}/${name}`, "utf8"));
  const tokenizer = new Tokenizer(read("tokenizer.json"), read("tokenizer_config.json"));
  for (const text of JSON.parse(fs.readFileSync(paths[1], "utf8"))) {
    say(tokenizer.encode(text, { add_special_tokens: false }).ids);
  }
}
