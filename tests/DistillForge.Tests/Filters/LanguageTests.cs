using DistillForge.Filters;
using Some = DistillForge.Tests.Data.Some;

namespace DistillForge.Tests.Filters;

public sealed class LanguageTests
{
    // Article 1 of the Universal Declaration of Human Rights, and an everyday sentence.
    public static TheoryData<string, string> Texts => new()
    {
        { "en", "All human beings are born free and equal in dignity and rights. They are endowed with reason and conscience and should act towards one another in a spirit of brotherhood." },
        { "en", "Could you tell me where I can find the nearest bus stop, please?" },
        { "de", "Alle Menschen sind frei und gleich an Würde und Rechten geboren. Sie sind mit Vernunft und Gewissen begabt und sollen einander im Geiste der Brüderlichkeit begegnen." },
        { "de", "Können Sie mir bitte sagen, wo die nächste Haltestelle ist?" },
        { "fr", "Tous les êtres humains naissent libres et égaux en dignité et en droits. Ils sont doués de raison et de conscience et doivent agir les uns envers les autres dans un esprit de fraternité." },
        { "fr", "Pouvez-vous me dire où se trouve l'arrêt de bus le plus proche ?" },
        { "es", "Todos los seres humanos nacen libres e iguales en dignidad y derechos y, dotados como están de razón y conciencia, deben comportarse fraternalmente los unos con los otros." },
        { "es", "¿Me puede decir dónde está la parada de autobús más cercana?" },
        { "it", "Tutti gli esseri umani nascono liberi ed eguali in dignità e diritti. Essi sono dotati di ragione e di coscienza e devono agire gli uni verso gli altri in spirito di fratellanza." },
        { "pt", "Todos os seres humanos nascem livres e iguais em dignidade e em direitos. Dotados de razão e de consciência, devem agir uns para com os outros em espírito de fraternidade." },
        { "nl", "Alle mensen worden vrij en gelijk in waardigheid en rechten geboren. Zij zijn begiftigd met verstand en geweten, en behoren zich jegens elkander in een geest van broederschap te gedragen." },
        { "sv", "Alla människor är födda fria och lika i värde och rättigheter. De är utrustade med förnuft och samvete och bör handla gentemot varandra i en anda av broderskap." },
        { "fi", "Kaikki ihmiset syntyvät vapaina ja tasavertaisina arvoltaan ja oikeuksiltaan. Heille on annettu järki ja omatunto, ja heidän on toimittava toisiaan kohtaan veljeyden hengessä." },
        { "pl", "Wszyscy ludzie rodzą się wolni i równi pod względem swej godności i swych praw. Są oni obdarzeni rozumem i sumieniem i powinni postępować wobec innych w duchu braterstwa." },
        { "cs", "Všichni lidé rodí se svobodní a sobě rovní co do důstojnosti a práv. Jsou nadáni rozumem a svědomím a mají spolu jednat v duchu bratrství." },
        { "ro", "Toate ființele umane se nasc libere și egale în demnitate și în drepturi. Ele sunt înzestrate cu rațiune și conștiință și trebuie să se comporte unele față de altele în spiritul fraternității." },
        { "hu", "Minden emberi lény szabadon születik és egyenlő méltósága és joga van. Az emberek, ésszel és lelkiismerettel bírván, egymással szemben testvéri szellemben kell hogy viseltessenek." },
        { "tr", "Bütün insanlar hür, haysiyet ve haklar bakımından eşit doğarlar. Akıl ve vicdana sahiptirler ve birbirlerine karşı kardeşlik zihniyeti ile hareket etmelidirler." },
        { "id", "Semua orang dilahirkan merdeka dan mempunyai martabat dan hak-hak yang sama. Mereka dikaruniai akal dan hati nurani dan hendaknya bergaul satu sama lain dalam semangat persaudaraan." },
        { "vi", "Tất cả mọi người sinh ra đều được tự do và bình đẳng về nhân phẩm và quyền. Mọi con người đều được tạo hoá ban cho lý trí và lương tâm và cần phải đối xử với nhau trong tình bằng hữu." },
        { "ru", "Все люди рождаются свободными и равными в своем достоинстве и правах. Они наделены разумом и совестью и должны поступать в отношении друг друга в духе братства." },
        { "uk", "Всі люди народжуються вільними і рівними у своїй гідності та правах. Вони наділені розумом і совістю і повинні діяти у відношенні один до одного в дусі братерства." },
        { "bg", "Всички хора се раждат свободни и равни по достойнство и права. Те са надарени с разум и съвест и следва да се отнасят помежду си в дух на братство." },
        { "el", "Όλοι οι άνθρωποι γεννιούνται ελεύθεροι και ίσοι στην αξιοπρέπεια και τα δικαιώματα." },
        { "he", "כל בני האדם נולדו בני חורין ושווים בערכם ובזכויותיהם." },
        { "ar", "يولد جميع الناس أحرارا متساوين في الكرامة والحقوق. وقد وهبوا عقلا وضميرا وعليهم أن يعامل بعضهم بعضا بروح الإخاء في كل هذا." },
        { "fa", "تمام افراد بشر آزاد به دنیا می‌آیند و از لحاظ حیثیت و حقوق با هم برابرند. همه دارای عقل و وجدان می‌باشند و باید نسبت به یکدیگر با روح برادری رفتار کنند." },
        { "hi", "सभी मनुष्यों को गौरव और अधिकारों के मामले में जन्मजात स्वतन्त्रता और समानता प्राप्त है।" },
        { "th", "มนุษย์ทั้งหลายเกิดมามีอิสระและเสมอภาคกันในเกียรติศักดิ์และสิทธิ" },
        { "ko", "모든 인간은 태어날 때부터 자유로우며 그 존엄과 권리에 있어 동등하다." },
        { "ja", "すべての人間は、生まれながらにして自由であり、かつ、尊厳と権利とについて平等である。" },
        { "zh", "人人生而自由，在尊严和权利上一律平等。他们赋有理性和良心，并应以兄弟关系的精神相对待。" },
    };

    [Theory]
    [MemberData(nameof(Texts))]
    public void Tells_the_language_of_a_sentence(string code, string text)
    {
        Assert.Null(Judge(text, code).Reason);
        foreach (var other in new[] { "en", "de", "fr", "es", "ru", "zh", "ar" }.Where(other => other != code))
        {
            var reason = Judge(text, other).Reason;
            Assert.Equal("other-language", reason?.Code);
            Assert.StartsWith($"reads as {code} ", reason!.Detail, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_language_that_stays_is_enough()
        => Assert.Null(Judge("Können Sie mir bitte sagen, wo die nächste Haltestelle ist?", "en", "de").Reason);

    [Theory]
    [InlineData("OK, 42.")]
    [InlineData("")]
    [InlineData("Paris London Berlin Madrid Roma Lisboa Wien Praha")]
    [InlineData("Here you are:\n```python\nder = die(das)\nund = ein(oder, nicht)\nwir = ihr(sie, es)\n```\nThat is all of it.")]
    public void What_cannot_be_told_stays(string text) => Assert.Null(Judge(text, "en").Reason);

    [Fact]
    public void What_cannot_be_told_is_dropped_only_when_the_policy_says_so()
        => Assert.Equal("language-unknown", new Language(new() { Keep = ["en"], Undetermined = Language.Unknown.Drop }).Judge(Some.Example("OK, 42.")).Reason?.Code);

    static Verdict Judge(string text, params string[] keep) => new Language(new() { Keep = keep }).Judge(Some.Example(text));
}
