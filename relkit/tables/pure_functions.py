"""Functions that a query of a source may call: they compute from their arguments and change, read and wait for nothing else.

A list of what is allowed, since no list of what is harmful is ever complete: databases have functions that read files
(`pg_read_file`, `load_file`), wait (`pg_sleep`), take numbers from a sequence (`nextval`), run other statements (`query`,
`dblink`) or load code (`load_extension`).
"""

from __future__ import annotations

IMPURE_KINDS = frozenset(
    {
        "AIAgg", "AIClassify", "AIEmbed", "AIForecast", "AIGenerate", "AISimilarity", "AISummarizeAgg", "FeaturesAtTime", "GenerateBool",
        "GenerateDouble", "GenerateEmbedding", "GenerateInt", "GenerateTable", "GenerateText", "Host", "MLForecast", "MLTranslate",
        "NetFunc", "NextValueFor", "Predict", "Secret", "ToFile", "VectorSearch",
    }
)  # fmt: skip
"""Functions that sqlglot knows by name and that do more than compute: services, sequences, files."""

FILE_KINDS = frozenset({"ReadCSV", "ReadParquet"})
FILE_READERS = frozenset(
    {
        "read_csv", "read_csv_auto", "read_json", "read_json_auto", "read_json_objects", "read_ndjson", "read_ndjson_auto",
        "read_ndjson_objects", "read_parquet", "parquet_scan",
    }
)  # fmt: skip
"""Functions that read files, allowed in DuckDB, which itself keeps to the folders that it is given."""

PURE = frozenset(
    {
        "abs", "acos", "add_months", "age", "any_value", "arg_max", "arg_min", "array_agg", "array_append", "array_cat", "array_contains",
        "array_distinct", "array_has", "array_length", "array_lower", "array_position", "array_prepend", "array_remove", "array_replace",
        "array_slice", "array_sort", "array_sum", "array_to_json", "array_to_string", "array_transform", "array_unique", "array_upper",
        "ascii", "asin", "atan", "atan2", "base64", "bin", "bit_and", "bit_count", "bit_length", "bit_or", "bit_xor", "bitstring_agg",
        "bool_and", "bool_or", "btrim", "cardinality", "cbrt", "ceil", "ceiling", "century", "char", "char_length", "character_length",
        "charindex", "chr", "clock_timestamp", "coalesce", "concat", "concat_ws", "contains", "convert_timezone", "convert_tz", "cos",
        "cot", "crc32", "current_date", "current_time", "current_timestamp", "damerau_levenshtein", "date", "date_add", "date_bin",
        "date_diff", "date_format", "date_part", "date_sub", "date_trunc", "dateadd", "datediff", "datefromparts", "datename", "datepart",
        "datesub", "datetime", "datetime2fromparts", "datetimefromparts", "datetrunc", "day", "dayname", "dayofmonth", "dayofweek",
        "dayofyear", "decade", "degrees", "difference", "div", "element_at", "elt", "ends_with", "entropy", "eomonth", "epoch",
        "epoch_ms", "epoch_ns", "epoch_us", "era", "even", "every", "exp", "explode", "export_set", "extract", "factorial", "favg",
        "field", "find_in_set", "first", "first_value", "flatten", "floor", "format", "format_number", "from_base64", "from_days",
        "from_json", "from_unixtime", "fsum", "gamma", "gcd", "generate_series", "generate_subscripts", "geomean", "get_bit", "getdate",
        "getutcdate", "glob", "greatest", "group_concat", "grouping", "hamming", "hash", "hex", "histogram", "hour", "iff", "ifnull",
        "iif", "initcap", "insert", "instr", "isdate", "isfinite", "isinf", "isnan", "isnull", "isnumeric", "isodow", "isoyear",
        "jaccard", "jaro_similarity", "jaro_winkler_similarity", "json", "json_agg", "json_array", "json_array_elements",
        "json_array_elements_text", "json_array_length", "json_build_array", "json_build_object", "json_contains", "json_depth",
        "json_each", "json_each_text", "json_extract", "json_extract_path", "json_extract_path_text", "json_extract_string",
        "json_group_array", "json_group_object", "json_group_structure", "json_keys", "json_length", "json_merge_patch", "json_object",
        "json_object_agg", "json_object_keys", "json_overlaps", "json_patch", "json_pretty", "json_query", "json_quote", "json_remove",
        "json_replace", "json_search", "json_serialize", "json_set", "json_structure", "json_table", "json_to_record",
        "json_to_recordset", "json_transform", "json_tree", "json_type", "json_typeof", "json_unquote", "json_valid", "json_value",
        "jsonb", "jsonb_agg", "jsonb_array_elements", "jsonb_array_elements_text", "jsonb_array_length", "jsonb_build_array",
        "jsonb_build_object", "jsonb_each", "jsonb_each_text", "jsonb_extract_path", "jsonb_extract_path_text", "jsonb_object_agg",
        "jsonb_object_keys", "jsonb_path_exists", "jsonb_path_query", "jsonb_path_query_array", "jsonb_path_query_first", "jsonb_pretty",
        "jsonb_set", "jsonb_strip_nulls", "jsonb_to_record", "jsonb_to_recordset", "jsonb_typeof", "julian", "julianday", "justify_days",
        "justify_hours", "justify_interval", "kurtosis", "lag", "last", "last_day", "last_value", "lcase", "lcm", "lead", "least", "left",
        "len", "length", "levenshtein", "lgamma", "like", "likelihood", "likely", "list", "list_aggregate", "list_any_value",
        "list_append", "list_apply", "list_avg", "list_concat", "list_contains", "list_count", "list_distinct", "list_element",
        "list_extract", "list_filter", "list_first", "list_has", "list_has_all", "list_has_any", "list_last", "list_max", "list_min",
        "list_position", "list_prepend", "list_reduce", "list_reverse", "list_reverse_sort", "list_slice", "list_sort", "list_sum",
        "list_transform", "list_unique", "list_value", "list_zip", "ln", "localtime", "localtimestamp", "locate", "log", "log10", "log2",
        "lower", "lpad", "ltrim", "mad", "make_date", "make_interval", "make_time", "make_timestamp", "make_timestamptz", "makedate",
        "maketime", "map", "map_contains", "map_entries", "map_extract", "map_from_entries", "map_keys", "map_values", "max", "max_by",
        "md5", "mean", "median", "microsecond", "microseconds", "mid", "millennium", "millisecond", "milliseconds", "min", "min_by",
        "minute", "mismatches", "mod", "mode", "month", "monthname", "months_between", "next_day", "nextafter", "nextday",
        "nfc_normalize", "normalize", "now", "nth_value", "ntile", "nullif", "num_nonnulls", "num_nulls", "nvl", "nvl2", "octet_length",
        "ord", "overlay", "pad", "parse_filename", "parse_path", "patindex", "percent_rank", "percentile_cont", "percentile_disc",
        "period_add", "period_diff", "pi", "pmod", "position", "pow", "power", "prefix", "printf", "product", "quantile", "quantile_cont",
        "quantile_disc", "quarter", "quote", "quote_ident", "quote_literal", "quote_nullable", "quotename", "radians", "range", "rank",
        "regexp", "regexp_count", "regexp_escape", "regexp_extract", "regexp_extract_all", "regexp_full_match", "regexp_instr",
        "regexp_like", "regexp_match", "regexp_matches", "regexp_replace", "regexp_split_to_array", "regexp_split_to_table",
        "regexp_substr", "regr_avgx", "regr_avgy", "regr_count", "regr_intercept", "regr_r2", "regr_slope", "repeat", "replace",
        "replicate", "reverse", "right", "round", "round_even", "row", "row_number", "row_to_json", "row_to_struct", "rpad", "rtrim",
        "scale", "sec_to_time", "second", "sem", "sha1", "sha2", "sha256", "sign", "similarity", "sin", "skewness", "slice",
        "smalldatetimefromparts", "soundex", "space", "split", "split_part", "sqrt", "starts_with", "statement_timestamp", "stddev",
        "stddev_pop", "stddev_samp", "str", "str_split", "str_split_regex", "str_to_date", "strcmp", "strftime", "string_agg",
        "string_split", "string_split_regex", "string_to_array", "string_to_table", "strip_accents", "strlen", "strpos", "strptime",
        "struct_extract", "struct_pack", "stuff", "subdate", "substr", "substring", "substring_index", "suffix", "sum", "switchoffset",
        "sysdatetime", "sysutcdatetime", "tan", "time", "time_bucket", "time_format", "time_to_sec", "timediff", "timefromparts",
        "timestamp", "timestampadd", "timestampdiff", "timetz", "timezone", "timezone_hour", "timezone_minute", "to_array", "to_base",
        "to_base64", "to_binary", "to_boolean", "to_char", "to_date", "to_days", "to_hex", "to_hours", "to_json", "to_jsonb",
        "to_microseconds", "to_milliseconds", "to_minutes", "to_months", "to_number", "to_seconds", "to_time", "to_timestamp",
        "to_timestamp_ltz", "to_timestamp_ntz", "to_timestamp_tz", "to_varchar", "to_weeks", "to_years", "todatetimeoffset", "total",
        "transaction_timestamp", "translate", "trim", "trim_array", "trunc", "truncate", "try_cast", "try_convert", "try_parse",
        "try_strptime", "try_to_date", "try_to_number", "try_to_timestamp", "typeof", "ucase", "unaccent", "unbin", "unhex", "unicode",
        "unistr", "unix_timestamp", "unixepoch", "unlikely", "unnest", "upper", "url_decode", "url_encode", "utc_date", "utc_time",
        "utc_timestamp", "uuid", "var_pop", "var_samp", "variance", "vector_norm", "week", "weekday", "weekofyear", "weight_string",
        "width_bucket", "xor", "xpath", "year", "year_of_week", "yearweek", "zeroifnull", "zipf",
    }
)  # fmt: skip
"""Functions that sqlglot does not know as such, by their names in PostgreSQL, MySQL, SQL Server, SQLite and DuckDB."""
