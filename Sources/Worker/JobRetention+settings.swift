import Bootstrap
import Model
import Store

/// The settings of a worker for the history of jobs, read from its environment.
extension JobRetention {
    private static let countSetting = Setting<Int>.number(
        "HVC_JOB_HISTORY",
        in: 100...10_000_000,
        fallback: defaultCount,
        meaning: "Records of how many ended jobs are kept, for a week at most; the same for all workers."
    )
    private static let mebibytesSetting = Setting<Int>.number(
        "HVC_JOB_HISTORY_MIB",
        in: 1...1_000_000,
        fallback: defaultBytes >> 20,
        meaning: "About how many MiB the records of ended jobs may take in Redis; the same for all workers."
    )
    private static let explanationSetting = Setting<Duration>.seconds(
        "HVC_EXPLANATION_HISTORY",
        in: 0...604_800,
        fallback: Double(defaultExplanation.components.seconds),
        meaning:
            "How long it can be asked why a VM went where it went, from the end of its job; the same for all workers."
    )

    /// The settings, for `--help` and the docs.
    static var descriptions: [SettingDescription] {
        [countSetting.about, mebibytesSetting.about, explanationSetting.about]
    }

    /// Reads the settings.
    init(from reader: inout SettingsReader) {
        self.init(
            count: reader.value(Self.countSetting),
            bytes: reader.value(Self.mebibytesSetting) << 20,
            explanation: reader.value(Self.explanationSetting)
        )
    }
}
