package prompt

// unattended reports whether the environment says that no person is there.
//
// CI is set by nearly every service. The others are those of services that do
// not set it: Jenkins, TeamCity, Azure Pipelines, AWS CodeBuild, Bamboo.
// A user who sets a variable for another reason loses a question and can still
// decide by command or variable.
func unattended(getenv func(string) string) bool {
	for _, name := range []string{
		"CI", "CONTINUOUS_INTEGRATION", "JENKINS_URL", "TEAMCITY_VERSION", "TF_BUILD", "CODEBUILD_BUILD_ID", "bamboo_buildKey",
	} {
		if value := getenv(name); value != "" && value != "0" && value != "false" {
			return true
		}
	}
	return getenv("TERM") == "dumb"
}
