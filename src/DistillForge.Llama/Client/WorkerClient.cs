using DistillForge.Core;
using DistillForge.Llama.Protocol;

namespace DistillForge.Llama.Client;

/// <summary>
/// Keeps a worker alive and every request answered. When the worker dies, or is killed because it hangs, what was in flight is asked
/// again, one at a time: who is in flight alone at the second death is guilty and fails with <c>worker-died</c>; its neighbours are answered.
/// </summary>
sealed class WorkerClient : IAsyncDisposable
{
    const long OpenId = 0;

    // It was loaded before, so the file is good: whoever killed it meanwhile may stop.
    const int MostLoadingDeaths = 2;

    readonly Lock gate = new();
    readonly string workerPath;
    readonly string libraries;
    readonly byte[]? open;
    readonly TaskCompletionSource<byte[]> opened = new(TaskCreationOptions.RunContinuationsAsynchronously);
    readonly TaskCompletionSource ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    readonly Dictionary<long, WorkerRequest> asked = [];
    readonly List<WorkerRequest> suspects = [];
    readonly List<WorkerRequest> held = [];
    readonly HangWatch watch = new();
    readonly TimeSpan patience;
    readonly Timer looks;
    WorkerProcess worker;
    Exception? broken;
    bool ready;
    int loadingDeaths;
    long lastId = OpenId;

    /// <param name="openBody">What to load, again after each death; null for a worker without a model.</param>
    /// <param name="patience">How long a worker that has something to do may do nothing at all.</param>
    public WorkerClient(string workerPath, string libraries, Action<FrameWriter>? openBody, TimeSpan? patience = null)
    {
        this.patience = patience ?? LlamaOptions.UsualPatience;
        (this.workerPath, this.libraries) = (workerPath, libraries);
        open = openBody is null ? null : Render(FrameKind.Open, OpenId, openBody);
        lock (gate)
        {
            worker = Start();
        }

        looks = new Timer(_ => Look(), null, this.patience / HangWatch.Looks, this.patience / HangWatch.Looks);
    }

    /// <summary>What the worker says about the model, once it is loaded.</summary>
    public Task<byte[]> Opened => opened.Task;

    /// <summary>Of the worker that lives now.</summary>
    public int ProcessId
    {
        get
        {
            lock (gate)
            {
                return worker.Id;
            }
        }
    }

    public async Task<T> AskAsync<T>(FrameKind kind, Action<FrameWriter> body, Func<Frame, IReadOnlyList<byte[]>, T> read, CancellationToken cancellationToken, Func<Frame, byte[]>? piece = null)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var id = Interlocked.Increment(ref lastId);
        var request = new WorkerRequest<T>(id, Render(kind, id, body), read, piece);
        lock (gate)
        {
            if (broken is not null)
            {
                throw broken;
            }

            held.Add(request);
            Advance();
        }

        using var registration = cancellationToken.UnsafeRegister((_, token) => Cancel(request, token), null);
        return await request.Answer;
    }

    /// <summary>Kills the worker and waits until it is gone.</summary>
    public async ValueTask DisposeAsync()
    {
        lock (gate)
        {
            GiveUp(new ObjectDisposedException(nameof(LlamaModel)));
            worker.Kill();
        }

        await ended.Task;
        await looks.DisposeAsync();
    }

    static byte[] Render(FrameKind kind, long id, Action<FrameWriter> body)
    {
        var frame = new FrameWriter();
        var start = Frames.Begin(frame, kind, id);
        body(frame);
        Frames.End(frame, start);
        return frame.Written.ToArray();
    }

    void Look()
    {
        lock (gate)
        {
            if (broken is null && watch.Look(worker, busy: !ready || asked.Count > 0))
            {
                worker.KillIdle(patience);
            }
        }
    }

    // Under the gate.
    WorkerProcess Start()
    {
        var started = WorkerProcess.Start(workerPath, libraries, OnFrame, OnDeath);
        ready = open is null;
        if (open is not null)
        {
            started.Send(open);
        }

        return started;
    }

    // Under the gate. After a death the suspects go alone, and everybody else waits.
    void Advance()
    {
        if (!ready)
        {
            return;
        }

        if (suspects.Count > 0)
        {
            if (asked.Count == 0)
            {
                Ask(suspects[0]);
                suspects.RemoveAt(0);
            }

            return;
        }

        if (asked.Values.Any(request => request.Deaths > 0))
        {
            return; // the last suspect is being asked
        }

        held.ForEach(Ask);
        held.Clear();
    }

    void Ask(WorkerRequest request)
    {
        asked.Add(request.Id, request);
        worker.Send(request.Frame);
    }

    void OnFrame(WorkerProcess from, Frame frame)
    {
        if (frame.Request == OpenId)
        {
            OnOpened(frame);
            return;
        }

        WorkerRequest? request;
        lock (gate)
        {
            asked.TryGetValue(frame.Request, out request); // null: cancelled meanwhile
        }

        if (request?.Receive(frame) == true)
        {
            lock (gate)
            {
                asked.Remove(request.Id);
                Advance();
            }
        }
    }

    void OnOpened(Frame frame)
    {
        lock (gate)
        {
            if (frame.Kind != FrameKind.Opened)
            {
                GiveUp(Answers.ReadFailure(frame));
                return;
            }

            ready = true;
            opened.TrySetResult(frame.Body);
            Advance();
        }
    }

    void OnDeath(WorkerProcess dead)
    {
        var lastWords = dead.LastWords();
        lock (gate)
        {
            loadingDeaths = ready ? 0 : loadingDeaths + 1;
            if (broken is null && loadingDeaths > (opened.Task.IsCompletedSuccessfully ? MostLoadingDeaths : 0))
            {
                GiveUp(new ForgeException(new Problem("llama.cpp worker", $"died while loading the model ({lastWords}).", "Check the file, or take a smaller model or context."), ExitCode.Unavailable));
            }

            if (broken is not null)
            {
                ended.TrySetResult();
                return;
            }

            Accuse(lastWords);
            worker = Start();
            Advance();
        }
    }

    void Accuse(string lastWords)
    {
        foreach (var request in asked.Values)
        {
            request.StartOver();
            if (request.HandedOut)
            {
                request.Fail(new CompletionFailedException("worker-died", $"the llama.cpp worker died in the middle of the answer; {lastWords}"));
            }
            else if (++request.Deaths >= 2)
            {
                request.Fail(new CompletionFailedException("worker-died", $"the llama.cpp worker died twice with it; {lastWords}"));
            }
            else
            {
                suspects.Add(request);
            }
        }

        asked.Clear();
    }

    void Cancel(WorkerRequest request, CancellationToken cancellationToken)
    {
        lock (gate)
        {
            if (asked.Remove(request.Id))
            {
                worker.Send(Render(FrameKind.Cancel, request.Id, static _ => { }));
            }

            suspects.Remove(request);
            held.Remove(request);
            Advance();
        }

        request.Cancel(cancellationToken);
    }

    // Under the gate: nothing can be answered any more.
    void GiveUp(Exception why)
    {
        broken ??= why;
        opened.TrySetException(broken);
        foreach (var request in (IEnumerable<WorkerRequest>)[.. asked.Values, .. suspects, .. held])
        {
            request.Fail(broken);
        }

        asked.Clear();
        suspects.Clear();
        held.Clear();
    }
}
