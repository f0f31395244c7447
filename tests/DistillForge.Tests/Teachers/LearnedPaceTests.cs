using DistillForge.Teachers;

namespace DistillForge.Tests.Teachers;

/// <summary>A server in virtual time that takes so many requests a second, and a pace that has to find out how many.</summary>
public class LearnedPaceTests
{
    double now;
    double credit = 1;
    double last;
    double nextAt;

    [Theory]
    [InlineData(300, 0.02)]
    [InlineData(20, 1.5)]
    [InlineData(2, 0.7)]
    public void A_limit_is_found_and_nearly_used_up(double perSecond, double latency)
    {
        var pace = new LearnedPace();
        Ask(pace, perSecond, latency, seconds: 60);

        var (taken, refused) = Ask(pace, perSecond, latency, seconds: 300);

        Assert.InRange(taken / (300 * perSecond), 0.9, 1.01);
        Assert.InRange((double)refused / (taken + refused), 0, 0.1);
        Assert.InRange(pace.PerSecond / perSecond, 0.9, 1.15);
    }

    [Fact]
    public void A_limit_that_was_raised_is_found_again_within_minutes()
    {
        var pace = new LearnedPace();
        Ask(pace, 10, 0.2, seconds: 60);
        Assert.InRange(pace.PerSecond, 8, 13);

        Ask(pace, 200, 0.2, seconds: 60);

        Assert.InRange(pace.PerSecond, 180, 230);
    }

    [Fact]
    public void A_server_that_refuses_nothing_but_a_stray_one_is_not_held_back()
    {
        var pace = new LearnedPace();
        for (var request = 0; request < 10_000; request++)
        {
            pace.Pass(now);
            now += 0.01;
            pace.Hear(now, taken: request % 40 != 7, 0.01);
        }

        Assert.False(pace.IsKnown);
    }

    [Fact]
    public void Refusals_in_a_row_are_a_limit_that_is_used_up_only_when_answers_stay_out_too()
    {
        var pace = new LearnedPace();
        for (var request = 0; request < 10; request++)
        {
            pace.Pass(0);
            pace.Hear(0.001, taken: false, 0.001);
        }

        Assert.Equal((false, true), (pace.IsUsedUp(0.1), pace.IsUsedUp(1)));
        pace.Hear(1, taken: true, 0.5);
        Assert.False(pace.IsUsedUp(2));
    }

    // As fast as the pace lets it, but never more than 500 a second; refusals come back at once.
    (double Taken, int Refused) Ask(LearnedPace pace, double perSecond, double latency, double seconds)
    {
        var (taken, refused, end) = (0, 0, now + seconds);
        var flight = new Queue<double>();
        for (; now < end; now += 0.001)
        {
            while (flight.TryPeek(out var sent) && sent + latency <= now)
            {
                pace.Hear(now, taken: true, now - flight.Dequeue());
            }

            if (nextAt > now || pace.Wait(now) > 0)
            {
                continue;
            }

            (credit, last, nextAt) = (Math.Min(Math.Max(2, perSecond / 10), credit + (now - last) * perSecond), now, now + 0.002);
            pace.Pass(now);
            if (credit >= 1)
            {
                credit--;
                taken++;
                flight.Enqueue(now);
            }
            else
            {
                refused++;
                pace.Hear(now, taken: false, 0.001);
            }
        }

        return (taken, refused);
    }
}
