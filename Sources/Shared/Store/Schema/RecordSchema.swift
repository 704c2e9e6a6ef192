/// Of which form the records in Redis are; `hvc:schema` has the number.
///
/// Records of an earlier schema are migrated by the first worker that starts; those of a later one are refused.
package enum RecordSchema {
    /// The schema that these programs write.
    ///
    /// 0 is that of the programs before there was a number.
    package static let current = 2

    /// For how long a worker that migrates is believed to live without having done a page.
    static let lockMilliseconds = 10_000
}
