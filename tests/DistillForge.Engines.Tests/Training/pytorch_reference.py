"""Token losses as one writes them in plain PyTorch: reads cases from a JSON file, prints value and gradient of each as JSON."""
import json
import sys

import torch
import torch.nn.functional as F

data = json.load(open(sys.argv[1]))
shape = (data["n"], data["v"])
teacher = torch.tensor(data["teacher"], dtype=torch.float64).view(shape)   # raw logits
student = torch.tensor(data["student"], dtype=torch.float64).view(shape)
tokens = torch.tensor(data["tokens"])
head = torch.tensor(data["head"]).view(shape[0], -1)                        # ids of the teacher's most likely tokens
draws = {float(t): torch.tensor(ids).view(shape[0], -1) for t, ids in data["draws"].items()}


def kl(p, q):
    return (p * (p.clamp_min(1e-300).log() - q.clamp_min(1e-300).log())).sum()


def outcomes(p, form):
    """Each id of the head by itself and the rest as one, or everything."""
    if form == "full":
        return p
    inside = p.gather(1, head)
    return torch.cat([inside, p.scatter(1, head, 0.0).sum(1, keepdim=True)], 1)


def loss(case, z):
    t, form, name = case["temperature"], case["form"], case["loss"]
    if name == "cross-entropy":
        return F.cross_entropy(z, tokens, reduction="sum", label_smoothing=case.get("label_smoothing", 0.0))
    whole, log_q = F.softmax(teacher / t, -1), F.log_softmax(z / t, -1)
    if name == "uld":
        p, q = whole.sort(-1, descending=True)[0], log_q.exp().sort(-1, descending=True)[0]
        if form == "bucket":
            k = head.shape[1]
            p, q = (torch.cat([x[:, :k], x[:, k:].sum(1, keepdim=True)], 1) for x in (p, q))
        return (p - q).abs().sum() * t * t
    if form == "tail-samples":
        inside = whole.gather(1, head)
        each = (1 - inside.sum(1, keepdim=True)) / draws[t].shape[1]
        cross = -(inside * log_q.gather(1, head)).sum() - (each * log_q.gather(1, draws[t])).sum()
        return (cross + (whole * whole.log()).sum()) * t * t
    if form == "renormalise":
        inside = whole.gather(1, head)
        inside = inside / inside.sum(1, keepdim=True)
        return (inside * (inside.log() - log_q.gather(1, head))).sum() * t * t
    p, q = outcomes(whole, form), outcomes(log_q.exp(), form)
    if name == "forward-kl":
        value = kl(p, q)
    elif name == "reverse-kl":
        value = kl(q, p)
    elif name == "jsd":
        m = case["beta"] * p + (1 - case["beta"]) * q
        value = case["beta"] * kl(p, m) + (1 - case["beta"]) * kl(q, m)
    elif name == "skew-kl":
        value = kl(p, case["alpha"] * p + (1 - case["alpha"]) * q)
    elif name == "tvd":
        value = 0.5 * (p - q).abs().sum()
    else:
        raise ValueError(name)
    return value * t * t


results = []
for case in data["cases"]:
    z = student.clone().requires_grad_()
    value = loss(case, z)
    value.backward()
    results.append({"value": value.item(), "gradient": z.grad.flatten().tolist()})
print(json.dumps(results))
