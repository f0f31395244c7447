// What others make of our files.  node check.mjs gguf FILE…  |  node check.mjs tokenize FOLDER TEXTS.json   → JSON lines
import fs from "node:fs";

const [what, ...paths] = process.argv.slice(2);
const say = (value) => console.log(JSON.stringify(value, (_, x) => (typeof x === "bigint" ? Number(x) : x)));

if (what === "gguf") {
  const { gguf, GGMLQuantizationType } = await import("@huggingface/gguf");
  for (const path of paths) {
    const { metadata, tensorInfos } = await gguf(path, { allowLocalFile: true });
    say({ path, architecture: metadata["general.architecture"], tokens: metadata["tokenizer.ggml.tokens"]?.length, tensors: tensorInfos.map((tensor) => `${tensor.name} ${GGMLQuantizationType[tensor.dtype]} ${tensor.shape.join("x")}`) });
  }
} else {
  const { Tokenizer } = await import("@huggingface/tokenizers");
  const read = (name) => JSON.parse(fs.readFileSync(`${paths[0]}/${name}`, "utf8"));
  const tokenizer = new Tokenizer(read("tokenizer.json"), read("tokenizer_config.json"));
  for (const text of JSON.parse(fs.readFileSync(paths[1], "utf8"))) {
    say(tokenizer.encode(text, { add_special_tokens: false }).ids);
  }
}
